/**
 * Markup that is safe by construction: whatever is put into a template is escaped, unless it is markup itself.
 *
 * Names, labels and figures of a run come from a file, and a page is opened in a browser. So there is one way to make
 * markup, and it escapes; nobody has to remember to.
 */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export class Markup {
  readonly #text: string

  /** For what this project wrote itself, such as its style sheet. Anything else goes through `html`. */
  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What may stand in a template. `undefined` and `false` are nothing; of a list, one follows the other. */
export type Content = string | number | Markup | readonly Content[] | undefined | false

/** A template of HTML or SVG. Values in attributes are safe between double quotes, and only there. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.map((text, index) => text + rendered(values[index])).join(''))
}

function rendered(content: Content): string {
  if (content === undefined || content === false) return ''
  if (content instanceof Markup) return String(content)
  if (typeof content === 'object') return content.map(rendered).join('')
  return String(content).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
}

/** JSON for the inside of a `<script>`: no character of it can end the element. */
export function json(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'))
}

/** The address if a person can follow it, and nothing if it would run a script or open a file. */
export function webAddress(text: string): string | undefined {
  const url = URL.parse(text)
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : undefined
}
