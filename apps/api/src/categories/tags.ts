/** The one tag of categories. The triggers of `@shop/db` write it with any change of the table. */
export const CATEGORIES = 'categories'
