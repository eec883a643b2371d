/**
 * What the shop sells and how it speaks of it: the tree of categories with the vocabulary of each, the names of people,
 * and what they say in reviews.
 *
 * Changing a word here changes every seeded row: raise SEED_VERSION in index.ts with it.
 */

/** One way in which the variants of a product differ: a name and, for each choice, what it adds to the price in percent. */
interface Choices {
  readonly attribute: string
  readonly choices: readonly (readonly [label: string, surcharge: number])[]
}

export interface Leaf {
  readonly name: string
  readonly nouns: readonly string[]
  /** The price, in whole euros, that half of the products stay below. */
  readonly median: number
  readonly choices: Choices
  /** Instead of the branch's, where those would sound odd. */
  readonly materials: readonly string[] | undefined
}

export interface Branch {
  readonly name: string
  readonly materials: readonly string[]
  /** What can be said of any product here, after the word "it". */
  readonly features: readonly string[]
  readonly leaves: readonly Leaf[]
}

export interface Root {
  readonly name: string
  readonly brands: readonly string[]
  readonly adjectives: readonly string[]
  readonly branches: readonly Branch[]
}

export const COLOURS: readonly string[] = [
  'Black',
  'White',
  'Slate Grey',
  'Navy',
  'Forest Green',
  'Sand',
  'Burgundy',
  'Terracotta',
  'Sky Blue',
]

const colour: Choices = { attribute: 'colour', choices: COLOURS.map((label) => [label, 0] as const) }
const size: Choices = {
  attribute: 'size',
  choices: [
    ['XS', 0],
    ['S', 0],
    ['M', 0],
    ['L', 0],
    ['XL', 0],
    ['XXL', 8],
  ],
}
const shoeSize: Choices = {
  attribute: 'size',
  choices: ['37', '38', '39', '40', '41', '42', '43', '44', '45'].map((label) => [label, 0] as const),
}
const capacity: Choices = {
  attribute: 'capacity',
  choices: [
    ['128 GB', 0],
    ['256 GB', 14],
    ['512 GB', 34],
    ['1 TB', 62],
  ],
}
const finish: Choices = {
  attribute: 'finish',
  choices: [
    ['Natural', 0],
    ['White', 0],
    ['Black', 0],
    ['Walnut Stain', 9],
    ['Smoked', 12],
  ],
}
const volume: Choices = {
  attribute: 'volume',
  choices: [
    ['30 ml', 0],
    ['50 ml', 38],
    ['100 ml', 92],
    ['200 ml', 165],
  ],
}
const pack: Choices = {
  attribute: 'pack',
  choices: [
    ['Single', 0],
    ['Pack of 2', 88],
    ['Pack of 4', 258],
    ['Pack of 10', 640],
  ],
}
const weight: Choices = {
  attribute: 'weight',
  choices: [
    ['400 g', 0],
    ['1 kg', 115],
    ['3 kg', 420],
    ['10 kg', 1180],
  ],
}
const dimensions: Choices = {
  attribute: 'dimensions',
  choices: [
    ['Small', 0],
    ['Medium', 22],
    ['Large', 47],
    ['Extra Large', 80],
  ],
}

function leaf(
  name: string,
  nouns: readonly string[],
  median: number,
  choices: Choices,
  materials?: readonly string[],
): Leaf {
  return { name, nouns, median, choices, materials }
}

/** 12 roots of 4 branches of 5 leaves: 300 categories. Every name occurs once, because its slug must. */
export const TAXONOMY: readonly Root[] = [
  {
    name: 'Electronics',
    brands: ['Auralis', 'Voltera', 'Kinoto', 'Helix Labs', 'Nordwave', 'Pixelsmith', 'Sonara', 'Tessera', 'Lumenar'],
    adjectives: ['Compact', 'Portable', 'Slim', 'Studio', 'Ultra', 'Smart', 'Pro', 'Everyday', 'Travel'],
    branches: [
      {
        name: 'Audio',
        materials: ['Aluminium', 'Walnut', 'Graphite', 'Titanium', 'Bamboo', 'Matte'],
        features: [
          'plays for thirty hours on one charge',
          'pairs with two devices at once',
          'sounds the same at low volume',
          'comes with a braided USB-C cable',
        ],
        leaves: [
          leaf('Headphones', ['Over-Ear Headphones', 'On-Ear Headphones', 'Studio Monitors'], 119, colour),
          leaf('Earbuds', ['Earbuds', 'Sport Earbuds', 'Sleep Earbuds'], 69, colour),
          leaf('Speakers', ['Bluetooth Speaker', 'Bookshelf Speaker', 'Outdoor Speaker'], 99, colour),
          leaf('Soundbars', ['Soundbar', 'Soundbar with Subwoofer'], 229, finish),
          leaf('Turntables', ['Turntable', 'Belt-Drive Turntable', 'Record Player'], 249, finish),
        ],
      },
      {
        name: 'Computing',
        materials: ['Aluminium', 'Magnesium', 'Recycled', 'Carbon', 'Anodised'],
        features: [
          'runs cool and without a fan to hear',
          'is opened with four ordinary screws',
          'gets updates for at least five years',
          'comes with a braided USB-C cable',
        ],
        leaves: [
          leaf('Laptops', ['Laptop', 'Ultrabook', 'Convertible'], 899, capacity),
          leaf('Tablets', ['Tablet', 'Drawing Tablet', 'E-Reader'], 329, capacity),
          leaf('Keyboards', ['Mechanical Keyboard', 'Low-Profile Keyboard', 'Number Pad'], 79, colour),
          leaf('Mice', ['Mouse', 'Trackball', 'Vertical Mouse'], 39, colour),
          leaf('Storage Drives', ['Portable SSD', 'Desktop Drive', 'Rugged Drive'], 89, capacity),
        ],
      },
      {
        name: 'Photography',
        materials: ['Carbon', 'Aluminium', 'Magnesium'],
        features: [
          'is sealed against rain and dust',
          'can be used with gloves on',
          'fits the usual mounts',
          'packs into hand luggage',
        ],
        leaves: [
          leaf('Cameras', ['Mirrorless Camera', 'Instant Camera', 'Action Camera'], 549, colour, [
            'Magnesium',
            'Retro',
            'Carbon',
          ]),
          leaf('Lenses', ['Prime Lens', 'Zoom Lens', 'Macro Lens'], 429, colour, ['Aspherical', 'Manual', 'Autofocus']),
          leaf('Tripods', ['Tripod', 'Monopod', 'Travel Tripod'], 89, dimensions),
          leaf('Camera Bags', ['Camera Backpack', 'Sling Bag', 'Lens Case'], 69, colour, [
            'Waxed Canvas',
            'Leather',
            'Nylon',
          ]),
          leaf('Studio Lights', ['LED Panel', 'Softbox', 'Ring Light'], 79, dimensions, [
            'Bicolour',
            'Daylight',
            'Aluminium',
          ]),
        ],
      },
      {
        name: 'Wearables',
        materials: ['Silicone', 'Titanium', 'Steel', 'Ceramic'],
        features: [
          'charges from empty in under an hour',
          'survives a swim',
          'shows the time without being asked',
          'weighs less than a letter',
        ],
        leaves: [
          leaf('Smartwatches', ['Smartwatch', 'Hybrid Watch', 'Running Watch'], 199, colour),
          leaf('Fitness Bands', ['Fitness Band', 'Activity Tracker'], 49, colour),
          leaf('Phone Cases', ['Phone Case', 'Wallet Case', 'Bumper Case'], 24, colour, [
            'Silicone',
            'Leather',
            'Cork',
          ]),
          leaf('Chargers', ['Wall Charger', 'Power Bank', 'Charging Stand'], 34, colour, [
            'GaN',
            'Fabric',
            'Aluminium',
          ]),
          leaf('Smart Rings', ['Smart Ring', 'Sleep Ring'], 229, size),
        ],
      },
    ],
  },
  {
    name: 'Furniture',
    brands: ['Halvorsen', 'Ostra', 'Linden & Vale', 'Brackwood', 'Maren', 'Fjordhem', 'Castellan', 'Studio Orne'],
    adjectives: ['Compact', 'Modular', 'Classic', 'Nordic', 'Rounded', 'Slender', 'Wide', 'Modern'],
    branches: [
      {
        name: 'Living Room',
        materials: ['Oak', 'Walnut', 'Ash', 'Rattan'],
        features: [
          'is assembled with a single hex key',
          'has covers that come off for washing',
          'stands level on uneven floors',
          'can be taken apart again for a move',
        ],
        leaves: [
          leaf('Sofas', ['Two-Seat Sofa', 'Three-Seat Sofa', 'Sofa Bed'], 899, colour, [
            'Linen',
            'Boucle',
            'Velvet',
            'Leather',
          ]),
          leaf('Armchairs', ['Armchair', 'Lounge Chair', 'Rocking Chair'], 349, colour, [
            'Linen',
            'Boucle',
            'Velvet',
            'Leather',
          ]),
          leaf('Coffee Tables', ['Coffee Table', 'Side Table', 'Nesting Tables'], 159, finish),
          leaf('Bookshelves', ['Bookshelf', 'Shelving Unit', 'Ladder Shelf'], 139, finish),
          leaf('TV Stands', ['TV Stand', 'Media Console'], 229, finish),
        ],
      },
      {
        name: 'Bedroom',
        materials: ['Pine', 'Oak', 'Beech', 'Birch', 'Steel'],
        features: [
          'does not creak',
          'is assembled with a single hex key',
          'comes from certified forests',
          'has room underneath for a suitcase',
        ],
        leaves: [
          leaf('Beds', ['Bed Frame', 'Storage Bed', 'Day Bed'], 449, dimensions),
          leaf('Mattresses', ['Foam Mattress', 'Spring Mattress', 'Latex Mattress'], 389, dimensions, [
            'Memory',
            'Natural',
            'Cooling',
            'Organic',
          ]),
          leaf('Nightstands', ['Nightstand', 'Bedside Shelf'], 79, finish),
          leaf('Wardrobes', ['Wardrobe', 'Sliding Wardrobe', 'Clothes Rail'], 329, finish),
          leaf('Dressers', ['Dresser', 'Chest of Drawers'], 249, finish),
        ],
      },
      {
        name: 'Dining Room',
        materials: ['Oak', 'Acacia', 'Beech', 'Teak'],
        features: [
          'is oiled, not lacquered, and so can be sanded',
          'stands level on uneven floors',
          'comes from certified forests',
          'shrugs off a glass of wine',
        ],
        leaves: [
          leaf('Dining Tables', ['Dining Table', 'Extending Table', 'Round Table'], 499, finish),
          leaf('Dining Chairs', ['Dining Chair', 'Spindle Chair', 'Bench'], 119, finish),
          leaf('Bar Stools', ['Bar Stool', 'Counter Stool'], 99, finish),
          leaf('Sideboards', ['Sideboard', 'Buffet Cabinet'], 429, finish),
          leaf('Display Cabinets', ['Display Cabinet', 'Glass Vitrine'], 379, finish),
        ],
      },
      {
        name: 'Home Office',
        materials: ['Bamboo', 'Oak', 'Plywood', 'Steel'],
        features: [
          'hides its cables',
          'adjusts without tools',
          'has rounded edges that forgive a bump',
          'comes flat in one box',
        ],
        leaves: [
          leaf('Desks', ['Desk', 'Standing Desk', 'Corner Desk'], 289, finish),
          leaf('Office Chairs', ['Office Chair', 'Task Chair', 'Saddle Stool'], 219, colour, [
            'Mesh',
            'Felt',
            'Leather',
          ]),
          leaf('Filing Cabinets', ['Filing Cabinet', 'Drawer Unit'], 139, colour, ['Steel', 'Birch']),
          leaf('Monitor Stands', ['Monitor Stand', 'Laptop Riser'], 49, finish),
          leaf('Desk Lamps', ['Desk Lamp', 'Clamp Lamp', 'Task Light'], 59, colour, ['Brass', 'Steel', 'Aluminium']),
        ],
      },
    ],
  },
  {
    name: 'Kitchen',
    brands: ['Casa Brio', 'Ferrum', 'Olivetta', 'Kettler & Sons', 'Mirepoix', 'Stonehearth', 'Tavola', 'Grano'],
    adjectives: ['Classic', 'Everyday', 'Rustic', 'Professional', 'Slim', 'Family', 'Heritage', 'Compact'],
    branches: [
      {
        name: 'Cookware',
        materials: ['Cast Iron', 'Copper', 'Stainless Steel', 'Carbon Steel', 'Enamelled', 'Ceramic'],
        features: [
          'works on gas, ceramic and induction',
          'goes from the hob into the oven',
          'pours without a drip',
          'gets better with every use',
        ],
        leaves: [
          leaf('Frying Pans', ['Frying Pan', 'Skillet', 'Crepe Pan'], 49, dimensions),
          leaf('Saucepans', ['Saucepan', 'Milk Pan', 'Saute Pan'], 59, dimensions),
          leaf('Casseroles', ['Casserole', 'Dutch Oven', 'Braiser'], 129, colour),
          leaf('Woks', ['Wok', 'Stir-Fry Pan'], 54, dimensions),
          leaf('Roasting Tins', ['Roasting Tin', 'Lasagne Dish', 'Baking Tray'], 34, dimensions, [
            'Ceramic',
            'Enamelled',
            'Stainless Steel',
          ]),
        ],
      },
      {
        name: 'Small Appliances',
        materials: ['Brushed Steel', 'Enamelled', 'Chrome', 'Matte'],
        features: [
          'switches itself off',
          'comes apart for cleaning',
          'is quieter than it looks',
          'has spare parts for every seal',
        ],
        leaves: [
          leaf('Coffee Machines', ['Espresso Machine', 'Filter Machine', 'Moka Pot'], 229, colour),
          leaf('Kettles', ['Kettle', 'Gooseneck Kettle'], 59, colour),
          leaf('Toasters', ['Toaster', 'Two-Slot Toaster', 'Sandwich Press'], 54, colour),
          leaf('Blenders', ['Blender', 'Stick Blender', 'Smoothie Maker'], 79, colour),
          leaf('Stand Mixers', ['Stand Mixer', 'Dough Mixer'], 349, colour),
        ],
      },
      {
        name: 'Knives and Boards',
        materials: ['Damascus', 'Stainless Steel', 'Carbon Steel'],
        features: [
          'keeps its edge for years of daily use',
          'lies well in small and large hands',
          'was finished by hand',
          'is protected by a wooden cover',
        ],
        leaves: [
          leaf('Chef Knives', ['Chef Knife', 'Santoku', 'Nakiri'], 89, dimensions),
          leaf('Paring Knives', ['Paring Knife', 'Turning Knife'], 29, colour),
          leaf('Knife Sets', ['Knife Set', 'Knife Block'], 149, finish),
          leaf('Cutting Boards', ['Cutting Board', 'Carving Board', 'Bread Board'], 39, dimensions, [
            'Walnut',
            'Olive Wood',
            'Maple',
          ]),
          leaf('Sharpeners', ['Whetstone', 'Knife Sharpener', 'Honing Rod'], 34, pack, [
            'Ceramic',
            'Diamond',
            'Corundum',
          ]),
        ],
      },
      {
        name: 'Tableware',
        materials: ['Stoneware', 'Porcelain', 'Earthenware', 'Bone China'],
        features: [
          'goes into the dishwasher',
          'stacks without wobbling',
          'keeps warm for longer than one expects',
          'can be bought one by one when one breaks',
        ],
        leaves: [
          leaf('Plates', ['Dinner Plate', 'Side Plate', 'Pasta Plate'], 16, pack),
          leaf('Bowls', ['Bowl', 'Salad Bowl', 'Ramen Bowl'], 18, pack),
          leaf('Mugs', ['Mug', 'Espresso Cup', 'Latte Glass'], 14, colour),
          leaf('Wine Glasses', ['Wine Glass', 'Champagne Flute', 'Tumbler'], 15, pack, [
            'Crystal',
            'Recycled Glass',
            'Hand-Blown',
          ]),
          leaf('Cutlery', ['Cutlery Set', 'Serving Spoon', 'Steak Knives'], 64, colour, [
            'Stainless Steel',
            'Brushed Steel',
            'Olive Wood',
          ]),
        ],
      },
    ],
  },
  {
    name: 'Clothing',
    brands: ['Merrow', 'Aldine', 'Solveig', 'Tern & Tide', 'Oakham', 'Lumi Studio', 'Field Theory', 'Costa Nova'],
    adjectives: ['Relaxed', 'Slim', 'Classic', 'Oversized', 'Cropped', 'Essential', 'Lightweight', 'Heavy', 'Vintage'],
    branches: [
      {
        name: 'Tops',
        materials: ['Organic Cotton', 'Merino', 'Linen', 'Hemp', 'Jersey', 'Flannel', 'Bamboo'],
        features: [
          'is washed once so that it stays its size',
          'has seams that do not scratch',
          'is dyed with a third of the usual water',
          'keeps its shape at the neck',
        ],
        leaves: [
          leaf('T-Shirts', ['T-Shirt', 'Pocket Tee', 'Long-Sleeve Tee'], 25, size),
          leaf('Shirts', ['Shirt', 'Oxford Shirt', 'Overshirt'], 59, size),
          leaf('Sweaters', ['Sweater', 'Cardigan', 'Roll-Neck Jumper'], 79, size),
          leaf('Hoodies', ['Hoodie', 'Zip Hoodie', 'Sweatshirt'], 64, size),
          leaf('Blouses', ['Blouse', 'Tunic', 'Wrap Top'], 49, size),
        ],
      },
      {
        name: 'Bottoms',
        materials: ['Denim', 'Corduroy', 'Twill', 'Linen', 'Wool', 'Ripstop'],
        features: [
          'is cut for moving, not for posing',
          'has pockets that hold a phone',
          'is dyed with a third of the usual water',
          'has a button that stays on',
        ],
        leaves: [
          leaf('Jeans', ['Straight Jeans', 'Tapered Jeans', 'Wide Jeans'], 89, size, [
            'Denim',
            'Selvedge Denim',
            'Stretch Denim',
          ]),
          leaf('Chinos', ['Chinos', 'Pleated Trousers'], 69, size),
          leaf('Shorts', ['Shorts', 'Bermuda Shorts', 'Sweat Shorts'], 39, size),
          leaf('Skirts', ['Midi Skirt', 'Pleated Skirt', 'Wrap Skirt'], 54, size),
          leaf('Leggings', ['Leggings', 'Thermal Tights'], 34, size, ['Merino', 'Jersey', 'Bamboo']),
        ],
      },
      {
        name: 'Outerwear',
        materials: ['Waxed Cotton', 'Wool', 'Down', 'Recycled Nylon', 'Fleece', 'Canvas'],
        features: [
          'keeps the wind out',
          'dries overnight on a hook',
          'has a pocket on the inside',
          'can be proofed again at home',
        ],
        leaves: [
          leaf('Coats', ['Overcoat', 'Trench Coat', 'Duffle Coat'], 229, size),
          leaf('Jackets', ['Jacket', 'Bomber Jacket', 'Chore Jacket'], 149, size),
          leaf('Parkas', ['Parka', 'Anorak'], 199, size),
          leaf('Gilets', ['Gilet', 'Quilted Vest'], 89, size, ['Down', 'Wool', 'Fleece']),
          leaf('Raincoats', ['Raincoat', 'Rain Poncho', 'Mac'], 99, size, [
            'Waxed Cotton',
            'Recycled Nylon',
            'Rubberised',
          ]),
        ],
      },
      {
        name: 'Nightwear and Basics',
        materials: ['Organic Cotton', 'Modal', 'Merino', 'Silk', 'Bamboo'],
        features: [
          'has seams that do not scratch',
          'stays soft after many washes',
          'comes in paper, not plastic',
          'is certified from field to seam',
        ],
        leaves: [
          leaf('Socks', ['Crew Socks', 'Ankle Socks', 'Hiking Socks'], 12, pack, [
            'Merino',
            'Organic Cotton',
            'Bamboo',
          ]),
          leaf('Underwear', ['Boxer Briefs', 'Briefs', 'Bralette'], 19, size),
          leaf('Pyjamas', ['Pyjama Set', 'Nightshirt'], 49, size),
          leaf('Bathrobes', ['Bathrobe', 'Kimono Robe'], 69, size),
          leaf('Base Layers', ['Base Layer Top', 'Base Layer Tights'], 54, size, ['Merino', 'Bamboo']),
        ],
      },
    ],
  },
  {
    name: 'Shoes and Bags',
    brands: ['Calder', 'Vela Roma', 'Stride & Co', 'Bowline', 'Montane Row', 'Pelle', 'Harrier', 'Nomade'],
    adjectives: ['Classic', 'Everyday', 'Rugged', 'Minimal', 'City', 'Weekend', 'Light', 'Heritage', 'Cushioned'],
    branches: [
      {
        name: 'Shoes',
        materials: ['Leather', 'Suede', 'Canvas', 'Knit', 'Nubuck', 'Recycled'],
        features: [
          'can be resoled by any cobbler',
          'softens to your shape within a week',
          'has a sole that grips on wet stone',
          'is lined where it would rub',
        ],
        leaves: [
          leaf('Sneakers', ['Sneaker', 'Court Sneaker', 'High-Top'], 89, shoeSize),
          leaf('Boots', ['Chelsea Boot', 'Lace-Up Boot', 'Desert Boot'], 149, shoeSize),
          leaf('Loafers', ['Loafer', 'Moccasin', 'Boat Shoe'], 119, shoeSize),
          leaf('Sandals', ['Sandal', 'Slide', 'Clog'], 54, shoeSize),
          leaf('Running Shoes', ['Running Shoe', 'Trail Shoe', 'Racing Flat'], 119, shoeSize, [
            'Knit',
            'Mesh',
            'Recycled',
          ]),
        ],
      },
      {
        name: 'Bags',
        materials: ['Leather', 'Waxed Canvas', 'Nylon', 'Vegan Leather', 'Wool Felt'],
        features: [
          'carries its load close to the body',
          'closes with a zip that will not jam',
          'has a padded place for a laptop',
          'stands up on its own',
        ],
        leaves: [
          leaf('Backpacks', ['Backpack', 'Rolltop Backpack', 'Daypack'], 89, colour),
          leaf('Tote Bags', ['Tote Bag', 'Shopper', 'Market Bag'], 49, colour),
          leaf('Messenger Bags', ['Messenger Bag', 'Briefcase', 'Satchel'], 109, colour),
          leaf('Crossbody Bags', ['Crossbody Bag', 'Bucket Bag', 'Belt Bag'], 64, colour),
          leaf('Laptop Sleeves', ['Laptop Sleeve', 'Tablet Sleeve'], 34, dimensions),
        ],
      },
      {
        name: 'Travel Gear',
        materials: ['Ballistic Nylon', 'Canvas', 'Recycled'],
        features: [
          'fits the cabin of every usual airline',
          'rolls quietly over cobbles',
          'closes with a zip that will not jam',
          'folds flat when it is not needed',
        ],
        leaves: [
          leaf('Suitcases', ['Cabin Suitcase', 'Suitcase', 'Trunk'], 179, dimensions, ['Polycarbonate', 'Aluminium']),
          leaf('Duffels', ['Duffel', 'Holdall', 'Wheeled Duffel'], 99, dimensions),
          leaf('Packing Cubes', ['Packing Cube Set', 'Laundry Pouch'], 29, colour),
          leaf('Wash Bags', ['Wash Bag', 'Hanging Organiser'], 34, colour),
          leaf('Garment Bags', ['Garment Bag', 'Shirt Folder'], 59, colour),
        ],
      },
      {
        name: 'Accessories',
        materials: ['Leather', 'Cashmere', 'Wool', 'Silk', 'Steel', 'Cotton'],
        features: [
          'is stitched, not glued',
          'comes in a cotton bag',
          'grows more handsome with age',
          'makes a safe present',
        ],
        leaves: [
          leaf('Belts', ['Belt', 'Braided Belt'], 39, dimensions, ['Leather', 'Vegan Leather', 'Canvas']),
          leaf('Wallets', ['Wallet', 'Card Holder', 'Coin Purse'], 44, colour, ['Leather', 'Vegan Leather', 'Canvas']),
          leaf('Scarves', ['Scarf', 'Shawl', 'Snood'], 49, colour, ['Cashmere', 'Wool', 'Silk']),
          leaf('Hats', ['Beanie', 'Bucket Hat', 'Flat Cap'], 32, colour, ['Wool', 'Cashmere', 'Cotton']),
          leaf('Umbrellas', ['Umbrella', 'Folding Umbrella', 'Golf Umbrella'], 29, colour, [
            'Steel',
            'Fibreglass',
            'Bamboo',
          ]),
        ],
      },
    ],
  },
  {
    name: 'Beauty',
    brands: ['Botanica Sur', 'Alba & Fig', 'Neroli House', 'Pure Fell', 'Maison Thea', 'Kelp Works', 'Derma Nine'],
    adjectives: ['Gentle', 'Daily', 'Radiant', 'Pure', 'Natural', 'Signature', 'Soft', 'Silky'],
    branches: [
      {
        name: 'Skin Care',
        materials: ['Rose', 'Aloe', 'Oat', 'Green Tea', 'Sea Buckthorn', 'Niacinamide', 'Squalane'],
        features: [
          'is made without added perfume',
          'suits sensitive skin',
          'sinks in without a film',
          'comes in glass that is taken back',
        ],
        leaves: [
          leaf('Cleansers', ['Cleanser', 'Cleansing Balm', 'Micellar Water'], 19, volume),
          leaf('Serums', ['Serum', 'Face Oil', 'Booster'], 32, volume),
          leaf('Moisturisers', ['Day Cream', 'Night Cream', 'Gel Cream'], 28, volume),
          leaf('Masks', ['Clay Mask', 'Sheet Mask', 'Sleep Mask'], 16, pack),
          leaf('Sun Care', ['Sun Cream', 'After-Sun Gel', 'Sun Stick'], 21, volume),
        ],
      },
      {
        name: 'Hair Care',
        materials: ['Argan', 'Coconut', 'Rosemary', 'Keratin', 'Chamomile', 'Oat'],
        features: [
          'rinses out without a trace',
          'suits coloured hair',
          'is made without silicones',
          'smells of very little',
        ],
        leaves: [
          leaf('Shampoos', ['Shampoo', 'Solid Shampoo', 'Scalp Wash'], 12, volume),
          leaf('Conditioners', ['Conditioner', 'Leave-In Conditioner'], 13, volume),
          leaf('Hair Oils', ['Hair Oil', 'Hair Serum'], 22, volume),
          leaf('Styling', ['Styling Paste', 'Sea Salt Spray', 'Curl Cream'], 17, volume),
          leaf('Hair Tools', ['Hair Dryer', 'Straightener', 'Paddle Brush'], 59, colour, [
            'Ceramic',
            'Ionic',
            'Tourmaline',
          ]),
        ],
      },
      {
        name: 'Make-Up',
        materials: ['Mineral', 'Satin', 'Velvet', 'Matte', 'Dewy'],
        features: [
          'lasts a working day',
          'blends with a fingertip',
          'suits sensitive eyes',
          'comes in a refillable case',
        ],
        leaves: [
          leaf('Foundations', ['Foundation', 'Tinted Cream', 'Concealer'], 26, volume),
          leaf('Lipsticks', ['Lipstick', 'Lip Tint', 'Lip Balm'], 17, colour),
          leaf('Mascaras', ['Mascara', 'Brow Gel'], 18, colour),
          leaf('Eye Shadows', ['Eye Shadow', 'Shadow Palette'], 24, colour),
          leaf('Brushes', ['Powder Brush', 'Brush Set', 'Blending Sponge'], 19, pack, ['Vegan', 'Synthetic', 'Beech']),
        ],
      },
      {
        name: 'Fragrance and Bath',
        materials: ['Cedar', 'Bergamot', 'Vetiver', 'Neroli', 'Lavender', 'Fig', 'Sandalwood'],
        features: [
          'is made in small batches',
          'stays close to the skin',
          'contains no palm oil',
          'comes in glass that is taken back',
        ],
        leaves: [
          leaf('Perfumes', ['Eau de Parfum', 'Eau de Toilette', 'Solid Perfume'], 69, volume),
          leaf('Candles', ['Candle', 'Three-Wick Candle', 'Reed Diffuser'], 29, dimensions),
          leaf('Soaps', ['Soap Bar', 'Hand Wash', 'Shower Gel'], 9, pack),
          leaf('Bath Salts', ['Bath Salt', 'Bath Oil', 'Bath Bomb'], 14, pack),
          leaf('Body Lotions', ['Body Lotion', 'Body Butter', 'Hand Cream'], 18, volume),
        ],
      },
    ],
  },
  {
    name: 'Sports',
    brands: ['Altiplano', 'Kestrel', 'Ridgeline', 'Tempo Athletic', 'Boreal', 'Cadence', 'Stormhaven', 'Vertex'],
    adjectives: ['Light', 'Trail', 'Competition', 'Training', 'Alpine', 'All-Weather', 'Endurance', 'Touring'],
    branches: [
      {
        name: 'Camping',
        materials: ['Ripstop', 'Canvas', 'Down', 'Aluminium', 'Titanium', 'Recycled'],
        features: [
          'packs down to the size of a bottle',
          'is up in five minutes, also in the dark',
          'comes with spare parts for the parts that wear',
          'was tested in bad weather by those who made it',
        ],
        leaves: [
          leaf('Tents', ['Two-Person Tent', 'Dome Tent', 'Tunnel Tent'], 249, colour, [
            'Ripstop',
            'Canvas',
            'Recycled',
          ]),
          leaf('Sleeping Bags', ['Sleeping Bag', 'Quilt', 'Sleeping Bag Liner'], 129, dimensions, [
            'Down',
            'Recycled',
            'Synthetic',
          ]),
          leaf('Camp Stoves', ['Camp Stove', 'Gas Burner', 'Cook Set'], 59, colour, ['Titanium', 'Aluminium', 'Brass']),
          leaf('Camp Furniture', ['Camp Chair', 'Camp Table', 'Hammock'], 54, colour, ['Canvas', 'Aluminium', 'Ash']),
          leaf('Headlamps', ['Headlamp', 'Lantern', 'Torch'], 39, colour, ['LED', 'Rechargeable', 'Aluminium']),
        ],
      },
      {
        name: 'Fitness',
        materials: ['Rubber', 'Cork', 'Cast Iron', 'Neoprene', 'Steel'],
        features: [
          'does not slip on wooden floors',
          'smells of nothing from the first day',
          'comes with a poster of exercises',
          'outlasts a gym',
        ],
        leaves: [
          leaf('Dumbbells', ['Dumbbell', 'Adjustable Dumbbell', 'Kettlebell'], 44, weight, [
            'Cast Iron',
            'Rubber',
            'Steel',
            'Neoprene',
          ]),
          leaf('Yoga Mats', ['Yoga Mat', 'Exercise Mat', 'Yoga Block'], 39, colour, ['Cork', 'Rubber', 'Jute']),
          leaf('Resistance Bands', ['Resistance Band', 'Band Set'], 19, pack, ['Latex', 'Fabric']),
          leaf('Jump Ropes', ['Jump Rope', 'Speed Rope'], 17, colour, ['Steel', 'Leather', 'Beaded']),
          leaf('Foam Rollers', ['Foam Roller', 'Massage Ball', 'Massage Gun'], 29, colour, [
            'Cork',
            'Textured',
            'Bamboo',
          ]),
        ],
      },
      {
        name: 'Cycling',
        materials: ['Carbon', 'Alloy', 'Steel', 'Leather', 'Reflective'],
        features: [
          'is mounted without tools',
          'has reflective details for dark evenings',
          'fits every usual frame',
          'keeps working in the rain',
        ],
        leaves: [
          leaf('Bicycles', ['City Bike', 'Gravel Bike', 'Folding Bike'], 849, dimensions, ['Carbon', 'Alloy', 'Steel']),
          leaf('Bike Helmets', ['Bike Helmet', 'Road Helmet', 'Urban Helmet'], 69, dimensions, [
            'Reflective',
            'Matte',
            'Carbon',
          ]),
          leaf('Bike Lights', ['Bike Light Set', 'Rear Light', 'Front Light'], 34, pack, ['LED', 'USB', 'Alloy']),
          leaf('Saddles', ['Saddle', 'Touring Saddle'], 74, colour, ['Leather', 'Gel', 'Carbon']),
          leaf('Bike Locks', ['Folding Lock', 'U-Lock', 'Chain Lock'], 54, colour, [
            'Hardened Steel',
            'Titanium',
            'Alloy',
          ]),
        ],
      },
      {
        name: 'Winter Sports',
        materials: ['Carbon', 'Ash', 'Poplar'],
        features: [
          'can be adjusted with gloves on',
          'stays supple far below zero',
          'was tested for two seasons before it was sold',
          'forgives beginners',
        ],
        leaves: [
          leaf('Skis', ['All-Mountain Skis', 'Touring Skis', 'Cross-Country Skis'], 449, dimensions),
          leaf('Snowboards', ['Snowboard', 'Splitboard'], 399, dimensions),
          leaf('Ski Goggles', ['Ski Goggles', 'Photochromic Goggles'], 89, colour, [
            'Polarised',
            'Mirrored',
            'Anti-Fog',
          ]),
          leaf('Ski Gloves', ['Ski Gloves', 'Mittens', 'Liner Gloves'], 59, size, ['Merino', 'Insulated', 'Leather']),
          leaf('Sledges', ['Sledge', 'Toboggan'], 64, colour, ['Ash', 'Beech', 'Birch']),
        ],
      },
    ],
  },
  {
    name: 'Toys',
    brands: ['Little Harbour', 'Pip & Plum', 'Brio Bay', 'Kobold', 'Wonderloom', 'Tinker Fox', 'Papier Lune'],
    adjectives: ['Colourful', 'My First', 'Giant', 'Mini', 'Classic', 'Travel', 'Deluxe', 'Little'],
    branches: [
      {
        name: 'Building Toys',
        materials: ['Beech', 'Maple', 'Bamboo'],
        features: [
          'has no part smaller than a walnut',
          'fits the other sets of the series',
          'is painted with water-based colours',
          'comes without instructions, on purpose',
        ],
        leaves: [
          leaf('Wooden Blocks', ['Block Set', 'Stacking Blocks', 'Marble Run'], 34, dimensions),
          leaf('Train Sets', ['Train Set', 'Track Extension', 'Station'], 49, dimensions),
          leaf('Construction Kits', ['Construction Kit', 'Robot Kit', 'Crane Kit'], 44, colour, [
            'Steel',
            'Beech',
            'Cardboard',
          ]),
          leaf('Magnetic Tiles', ['Tile Set', 'Castle Tiles'], 54, pack, ['Transparent', 'Rainbow', 'Pastel']),
          leaf('Model Kits', ['Model Ship', 'Model Plane', 'Model House'], 39, colour, ['Balsa', 'Cardboard', 'Birch']),
        ],
      },
      {
        name: 'Games and Puzzles',
        materials: ['Illustrated', 'Wooden', 'Linen', 'Recycled', 'Glow-in-the-Dark'],
        features: [
          'is explained in two minutes',
          'plays well with two and with six',
          'goes back into its box in one minute',
          'has rules in nine languages',
        ],
        leaves: [
          leaf('Board Games', ['Board Game', 'Strategy Game', 'Family Game'], 34, colour, [
            'Illustrated',
            'Wooden',
            'Cooperative',
          ]),
          leaf('Card Games', ['Card Game', 'Memory Game', 'Quiz Deck'], 14, pack, ['Illustrated', 'Linen', 'Recycled']),
          leaf('Jigsaw Puzzles', ['Jigsaw Puzzle', 'Floor Puzzle'], 17, dimensions, [
            'Wooden',
            'Recycled',
            'Glow-in-the-Dark',
          ]),
          leaf('Chess Sets', ['Chess Set', 'Travel Chess', 'Backgammon Set'], 49, finish, [
            'Walnut',
            'Maple',
            'Magnetic',
          ]),
          leaf('Dice Games', ['Dice Game', 'Dice Set'], 12, colour, ['Wooden', 'Brass', 'Resin']),
        ],
      },
      {
        name: 'Soft Toys and Dolls',
        materials: ['Organic Cotton', 'Plush', 'Linen', 'Corduroy', 'Wool'],
        features: [
          'can be washed at thirty degrees',
          'has embroidered eyes',
          'is stuffed with wool',
          'has survived a test by toddlers',
        ],
        leaves: [
          leaf('Teddy Bears', ['Teddy Bear', 'Bear with Scarf'], 27, dimensions),
          leaf('Plush Animals', ['Rabbit', 'Elephant', 'Fox', 'Whale'], 22, dimensions),
          leaf('Rag Dolls', ['Rag Doll', 'Travel Doll'], 29, colour),
          leaf('Doll Houses', ['Doll House', 'Doll Kitchen', 'Doll Furniture'], 79, finish, [
            'Birch',
            'Beech',
            'Cardboard',
          ]),
          leaf('Puppets', ['Hand Puppet', 'Finger Puppets', 'Puppet Theatre'], 19, pack),
        ],
      },
      {
        name: 'Outdoor Play',
        materials: ['Spruce', 'Recycled', 'Canvas', 'Steel', 'Rope'],
        features: [
          'stays outside all summer',
          'grows with the child',
          'is put up without tools',
          'carries an adult as well',
        ],
        leaves: [
          leaf('Scooters', ['Scooter', 'Stunt Scooter', 'Balance Bike'], 69, colour, ['Steel', 'Alloy', 'Birch']),
          leaf('Sandpit Toys', ['Bucket Set', 'Sand Mill', 'Digger'], 16, colour, ['Recycled', 'Steel', 'Beech']),
          leaf('Swings', ['Swing', 'Nest Swing', 'Climbing Rope'], 54, colour, ['Rope', 'Spruce', 'Canvas']),
          leaf('Kites', ['Kite', 'Stunt Kite'], 24, colour, ['Ripstop', 'Bamboo', 'Nylon']),
          leaf('Play Tents', ['Play Tent', 'Teepee', 'Play Tunnel'], 59, colour, ['Canvas', 'Cotton', 'Linen']),
        ],
      },
    ],
  },
  {
    name: 'Garden',
    brands: ['Greenholt', 'Thistle & Fern', 'Terranova', 'Hedgerow', 'Sunpatch', 'Old Orchard', 'Arbor Works'],
    adjectives: ['Hardy', 'Compact', 'Weatherproof', 'Classic', 'Cottage', 'Allotment', 'Country', 'Balcony'],
    branches: [
      {
        name: 'Garden Tools',
        materials: ['Forged Steel', 'Stainless Steel', 'Carbon Steel'],
        features: [
          'has a handle of certified ash',
          'can be sharpened again and again',
          'hangs on a single nail',
          'lies well in small and large hands',
        ],
        leaves: [
          leaf('Spades', ['Spade', 'Digging Fork', 'Trenching Shovel'], 44, dimensions),
          leaf('Secateurs', ['Secateurs', 'Loppers', 'Hedge Shears'], 34, colour),
          leaf('Hand Trowels', ['Hand Trowel', 'Hand Fork', 'Weeder'], 17, colour),
          leaf('Rakes', ['Rake', 'Leaf Rake', 'Hoe'], 29, dimensions),
          leaf('Wheelbarrows', ['Wheelbarrow', 'Garden Cart'], 109, colour, ['Galvanised', 'Steel', 'Ash']),
        ],
      },
      {
        name: 'Pots and Planters',
        materials: ['Terracotta', 'Glazed', 'Zinc', 'Fibreclay'],
        features: [
          'stands frost',
          'drains without a saucer',
          'grows a fine patina',
          'is light enough to be moved when full',
        ],
        leaves: [
          leaf('Plant Pots', ['Plant Pot', 'Herb Pot', 'Orchid Pot'], 17, dimensions),
          leaf('Window Boxes', ['Window Box', 'Balcony Box'], 32, dimensions),
          leaf('Raised Beds', ['Raised Bed', 'Cold Frame'], 119, dimensions, ['Cedar', 'Larch', 'Zinc']),
          leaf('Hanging Baskets', ['Hanging Basket', 'Macrame Hanger'], 19, colour, ['Rattan', 'Jute', 'Coir']),
          leaf('Plant Stands', ['Plant Stand', 'Plant Ladder'], 44, finish, ['Bamboo', 'Steel', 'Oak']),
        ],
      },
      {
        name: 'Outdoor Furniture',
        materials: ['Teak', 'Acacia', 'Eucalyptus', 'Powder-Coated', 'Rope', 'Aluminium'],
        features: [
          'stays outside all winter',
          'folds flat for the shed',
          'needs oil once a year and nothing else',
          'has stainless screws',
        ],
        leaves: [
          leaf('Garden Chairs', ['Garden Chair', 'Deck Chair', 'Adirondack Chair'], 99, colour),
          leaf('Garden Tables', ['Garden Table', 'Bistro Table'], 179, finish),
          leaf('Sun Loungers', ['Sun Lounger', 'Garden Day Bed'], 189, colour),
          leaf('Parasols', ['Parasol', 'Cantilever Parasol', 'Sun Sail'], 119, colour, ['Canvas', 'Aluminium', 'Teak']),
          leaf('Garden Benches', ['Garden Bench', 'Storage Bench'], 159, finish),
        ],
      },
      {
        name: 'Seeds and Watering',
        materials: ['Organic', 'Heirloom', 'Galvanised', 'Copper', 'Wildflower'],
        features: [
          'comes with a leaflet that says what to do in which month',
          'does well on a balcony',
          'is made without peat',
          'suits beginners',
        ],
        leaves: [
          leaf('Vegetable Seeds', ['Tomato Seeds', 'Carrot Seeds', 'Bean Seeds'], 4, pack, ['Organic', 'Heirloom']),
          leaf('Flower Seeds', ['Meadow Seeds', 'Sunflower Seeds', 'Poppy Seeds'], 4, pack, [
            'Organic',
            'Heirloom',
            'Wild',
          ]),
          leaf('Watering Cans', ['Watering Can', 'Indoor Can', 'Plant Mister'], 27, colour, [
            'Galvanised',
            'Copper',
            'Enamelled',
          ]),
          leaf('Hoses', ['Garden Hose', 'Hose Reel', 'Soaker Hose'], 49, dimensions, [
            'Rubber',
            'Reinforced',
            'Recycled',
          ]),
          leaf('Fertilisers', ['Fertiliser', 'Compost', 'Plant Food'], 14, weight, ['Organic', 'Seaweed', 'Mineral']),
        ],
      },
    ],
  },
  {
    name: 'Tools',
    brands: ['Ironside', 'Werkmann', 'Tolvan', 'Hartman Forge', 'Plumb & Level', 'Torque Nine', 'Baxter Rowe'],
    adjectives: ['Heavy-Duty', 'Compact', 'Precision', 'Professional', 'Trade', 'Classic', 'Site'],
    branches: [
      {
        name: 'Power Tools',
        materials: ['18 V', '12 V', 'Brushless', 'Magnesium', 'Corded'],
        features: [
          'shares its battery with the rest of the series',
          'stops at once when it jams',
          'comes in a case with room for more',
          'runs with little dust',
        ],
        leaves: [
          leaf('Drills', ['Drill Driver', 'Hammer Drill', 'Impact Driver'], 119, colour),
          leaf('Saws', ['Circular Saw', 'Jigsaw', 'Mitre Saw'], 149, colour),
          leaf('Sanders', ['Orbital Sander', 'Belt Sander', 'Detail Sander'], 84, colour),
          leaf('Routers', ['Router', 'Trim Router'], 139, colour),
          leaf('Heat Guns', ['Heat Gun', 'Glue Gun', 'Soldering Iron'], 44, colour, ['Corded', '18 V', 'Fast-Heating']),
        ],
      },
      {
        name: 'Hand Tools',
        materials: ['Chrome-Vanadium', 'Forged', 'Titanium'],
        features: [
          'is guaranteed for twenty years',
          'has a grip that stays dry',
          'was drop-forged in one piece',
          'comes with a holder for the wall',
        ],
        leaves: [
          leaf('Hammers', ['Claw Hammer', 'Mallet', 'Club Hammer'], 27, weight, ['Hickory', 'Forged', 'Titanium']),
          leaf('Screwdrivers', ['Screwdriver', 'Screwdriver Set', 'Bit Set'], 22, pack),
          leaf('Pliers', ['Combination Pliers', 'Pipe Pliers', 'Wire Stripper'], 26, dimensions),
          leaf('Wrenches', ['Wrench', 'Ratchet Set', 'Torque Wrench'], 39, dimensions),
          leaf('Chisels', ['Chisel', 'Block Plane', 'Spokeshave'], 36, pack, ['Forged', 'Beech', 'Hickory']),
        ],
      },
      {
        name: 'Measuring',
        materials: ['Aluminium', 'Fibreglass', 'Steel', 'Digital', 'Boxwood'],
        features: [
          'can be read in poor light',
          'comes with a certificate of calibration',
          'survives a fall from the ladder',
          'fits a trouser pocket',
        ],
        leaves: [
          leaf('Tape Measures', ['Tape Measure', 'Folding Rule'], 14, dimensions, ['Steel', 'Fibreglass', 'Boxwood']),
          leaf('Spirit Levels', ['Spirit Level', 'Pocket Level'], 29, dimensions, ['Aluminium', 'Fibreglass', 'Beech']),
          leaf('Laser Levels', ['Laser Level', 'Laser Measure'], 99, colour, ['Green-Beam', 'Red-Beam', 'Cross-Line']),
          leaf('Calipers', ['Caliper', 'Micrometer'], 34, dimensions, ['Steel', 'Digital', 'Carbon']),
          leaf('Squares', ['Try Square', 'Combination Square', 'Bevel Gauge'], 24, dimensions, [
            'Steel',
            'Brass',
            'Beech',
          ]),
        ],
      },
      {
        name: 'Workshop',
        materials: ['Steel', 'Plywood', 'Beech'],
        features: [
          'carries more than it says',
          'folds away against the wall',
          'locks with one hand',
          'is guaranteed for twenty years',
        ],
        leaves: [
          leaf('Workbenches', ['Workbench', 'Folding Workbench', 'Saw Horse'], 189, dimensions),
          leaf('Tool Boxes', ['Tool Box', 'Tool Chest', 'Parts Organiser'], 59, dimensions),
          leaf('Clamps', ['Bar Clamp', 'Spring Clamps', 'Bench Vice'], 24, pack, ['Steel', 'Cast Iron', 'Polymer']),
          leaf('Work Gloves', ['Work Gloves', 'Welding Gloves'], 13, size, ['Goatskin', 'Nitrile', 'Canvas']),
          leaf('Ladders', ['Step Ladder', 'Extension Ladder'], 109, dimensions, ['Aluminium', 'Fibreglass', 'Ash']),
        ],
      },
    ],
  },
  {
    name: 'Pets',
    brands: ['Paw & Pine', 'Whisker Row', 'Barkley', 'Muddy Acre', 'Velvet Snout', 'Finch & Fin', 'Good Hound'],
    adjectives: ['Soft', 'Everyday', 'Travel', 'Cosy', 'Natural', 'Calm', 'Country', 'Happy'],
    branches: [
      {
        name: 'Dogs',
        materials: ['Leather', 'Nylon', 'Hemp'],
        features: [
          'has been approved by several stubborn animals',
          'is made without artificial colours',
          'survives being left in the rain',
          'suits sensitive stomachs and coats',
        ],
        leaves: [
          leaf('Dog Food', ['Dry Food', 'Puppy Food', 'Senior Food'], 12, weight, ['Salmon', 'Lamb', 'Turkey']),
          leaf('Dog Beds', ['Dog Bed', 'Orthopaedic Bed', 'Dog Blanket'], 59, dimensions, [
            'Fleece',
            'Canvas',
            'Corduroy',
          ]),
          leaf('Leads and Collars', ['Lead', 'Collar', 'Harness'], 24, size),
          leaf('Dog Toys', ['Chew Toy', 'Tug Rope', 'Throwing Ball'], 12, pack, ['Rubber', 'Hemp', 'Cotton']),
          leaf('Dog Coats', ['Dog Coat', 'Dog Rain Jacket'], 39, size, ['Fleece', 'Waxed Cotton', 'Wool']),
        ],
      },
      {
        name: 'Cats',
        materials: ['Sisal', 'Felt', 'Plush'],
        features: [
          'has been ignored by no cat so far',
          'is made without artificial flavours',
          'stands firm when jumped at',
          'is easy to keep clean',
        ],
        leaves: [
          leaf('Cat Food', ['Wet Food', 'Kitten Food', 'Cat Biscuits'], 9, weight, ['Tuna', 'Chicken', 'Trout']),
          leaf('Cat Trees', ['Cat Tree', 'Scratching Post', 'Wall Shelf for Cats'], 69, dimensions, [
            'Sisal',
            'Birch',
            'Felt',
          ]),
          leaf('Litter', ['Clumping Litter', 'Wood Litter'], 11, weight, ['Clay', 'Beech', 'Tofu']),
          leaf('Cat Toys', ['Feather Wand', 'Cat Tunnel', 'Catnip Mouse'], 9, pack),
          leaf('Cat Carriers', ['Cat Carrier', 'Carrier Backpack'], 49, colour, ['Canvas', 'Felt', 'Wicker']),
        ],
      },
      {
        name: 'Small Animals and Birds',
        materials: ['Pine', 'Willow', 'Cedar'],
        features: ['is free of glue and dye', 'is easy to keep clean', 'suits timid animals', 'comes from small farms'],
        leaves: [
          leaf('Cages', ['Cage', 'Indoor Hutch', 'Aviary'], 99, dimensions, ['Pine', 'Steel', 'Willow']),
          leaf('Bird Seed', ['Bird Seed', 'Suet Balls', 'Peanuts'], 8, weight, ['Sunflower', 'Millet', 'Oat']),
          leaf('Bird Houses', ['Bird House', 'Bird Feeder', 'Bird Bath'], 29, colour, ['Pine', 'Cedar', 'Ceramic']),
          leaf('Bedding', ['Bedding', 'Nesting Material'], 10, weight, ['Hay', 'Hemp', 'Pine']),
          leaf('Rodent Toys', ['Exercise Wheel', 'Tunnel', 'Chew Sticks'], 13, pack, ['Willow', 'Cork', 'Pine']),
        ],
      },
      {
        name: 'Aquatics',
        materials: ['Glass', 'Ceramic', 'Acrylic'],
        features: [
          'keeps the water clear',
          'hums more quietly than the fridge',
          'suits fresh and brackish water',
          'is safe for shrimps',
        ],
        leaves: [
          leaf('Aquariums', ['Aquarium', 'Nano Aquarium'], 129, dimensions),
          leaf('Filters', ['Aquarium Filter', 'Filter Sponge'], 39, dimensions, ['Ceramic', 'Quiet', 'Carbon']),
          leaf('Fish Food', ['Flake Food', 'Granulate', 'Algae Wafers'], 7, pack, ['Spirulina', 'Krill', 'Insect']),
          leaf('Aquarium Plants', ['Plant Bundle', 'Moss Ball'], 9, pack, ['Java', 'Hardy', 'Floating']),
          leaf('Aquarium Decor', ['Rock Arch', 'Driftwood', 'Cave'], 18, dimensions, ['Volcanic', 'Ceramic', 'Resin']),
        ],
      },
    ],
  },
  {
    name: 'Office',
    brands: ['Quillmark', 'Ledger & Lane', 'Papyra', 'Inkwell Press', 'Northpaper', 'Graph Eleven', 'Folio Works'],
    adjectives: ['Classic', 'Slim', 'Everyday', 'Executive', 'Compact', 'Studio', 'Travel', 'Modern'],
    branches: [
      {
        name: 'Writing',
        materials: ['Brass', 'Resin', 'Aluminium', 'Ebonite'],
        features: [
          'writes at once, also after weeks',
          'lies balanced in the hand',
          'can be refilled from any bottle',
          'comes in a tin',
        ],
        leaves: [
          leaf('Fountain Pens', ['Fountain Pen', 'Pocket Pen'], 59, colour),
          leaf('Ballpoints', ['Ballpoint', 'Gel Pen', 'Rollerball'], 9, pack),
          leaf('Pencils', ['Pencil', 'Mechanical Pencil', 'Coloured Pencils'], 8, pack, [
            'Cedar',
            'Graphite',
            'Bamboo',
          ]),
          leaf('Markers', ['Marker', 'Highlighter', 'Brush Pen'], 7, pack, ['Water-Based', 'Acrylic', 'Pastel']),
          leaf('Inks', ['Bottled Ink', 'Ink Cartridges'], 13, volume, ['Iron Gall', 'Pigment', 'Shimmer']),
        ],
      },
      {
        name: 'Paper',
        materials: ['Recycled', 'Cotton', 'Kraft', 'Linen', 'Laid', 'Bamboo'],
        features: [
          'lies flat when it is open',
          'does not bleed through',
          'is made of recycled fibre',
          'takes ink and pencil alike',
        ],
        leaves: [
          leaf('Notebooks', ['Notebook', 'Sketchbook', 'Journal'], 15, colour),
          leaf('Planners', ['Planner', 'Wall Calendar', 'Weekly Pad'], 22, colour),
          leaf('Printer Paper', ['Printer Paper', 'Photo Paper'], 9, pack),
          leaf('Envelopes', ['Envelopes', 'Card Set', 'Postcards'], 8, pack),
          leaf('Sticky Notes', ['Sticky Notes', 'Index Tabs'], 5, pack),
        ],
      },
      {
        name: 'Organisation',
        materials: ['Felt', 'Leather', 'Steel', 'Oak', 'Wire', 'Cork'],
        features: [
          'fits the usual paper sizes',
          'keeps its shape when it is full',
          'stands or lies',
          'has a place for a label',
        ],
        leaves: [
          leaf('Binders', ['Binder', 'Document Folder', 'Portfolio'], 11, colour),
          leaf('Desk Organisers', ['Desk Organiser', 'Pen Tray', 'Letter Tray'], 29, finish),
          leaf('Pen Cases', ['Pen Case', 'Pencil Roll'], 19, colour),
          leaf('Pinboards', ['Pinboard', 'Whiteboard', 'Memo Board'], 39, dimensions, ['Cork', 'Felt', 'Steel']),
          leaf('Storage Boxes', ['Storage Box', 'Archive Box'], 17, pack),
        ],
      },
      {
        name: 'Office Equipment',
        materials: ['Steel', 'Matte', 'Quiet', 'Chrome'],
        features: [
          'wakes up within a second',
          'takes refills of every brand',
          'is quiet enough for an open office',
          'reports what it needs before it stops',
        ],
        leaves: [
          leaf('Printers', ['Laser Printer', 'Label Printer', 'Photo Printer'], 179, colour),
          leaf('Shredders', ['Shredder', 'Cross-Cut Shredder'], 84, colour),
          leaf('Staplers', ['Stapler', 'Hole Punch', 'Tape Dispenser'], 16, colour),
          leaf('Calculators', ['Calculator', 'Desktop Calculator'], 19, colour),
          leaf('Laminators', ['Laminator', 'Paper Trimmer'], 44, colour),
        ],
      },
    ],
  },
]

export const OPENINGS: readonly string[] = [
  'Made for people who use things every day.',
  'A quiet favourite of our buyers.',
  'Reworked after three years of customer feedback.',
  'Simple on the outside, thought through within.',
  'The one we keep at home ourselves.',
  'Designed to be repaired rather than replaced.',
  'New in the range, and already hard to keep on the shelf.',
]

/** Followed by "it" and two features. */
export const PRAISES: readonly string[] = [
  'Our customers like that',
  'It is worth knowing that',
  'Most people come back because',
  'You will notice that',
]

export const CLOSINGS: readonly string[] = [
  'Two-year guarantee, thirty days to change your mind.',
  'Ships in cardboard, without plastic.',
  'Spare parts stay available for ten years.',
  'A good present, also for yourself.',
  'Tested in our workshop before it goes out.',
]

export const FIRST_NAMES: readonly string[] = (
  'Ada Adam Aisha Alba Amara Anders Anna Anton Astrid Ben Bruno Carla Chiara Clara Daniel Diego Elena Elias Emil ' +
  'Emma Erik Eva Fatima Felix Finn Freya Greta Hanna Hugo Ida Ines Ivan Jakob Jana Jonas Julia Karim Katya Lars ' +
  'Laura Lea Leo Lina Louis Lucia Luka Maja Marco Maria Mateo Mia Milan Mina Nadia Nils Noah Nora Olga Oscar Otto ' +
  'Paula Pavel Petra Rafael Rosa Sami Sara Signe Sofia Tariq Theo Tilda Tomas Vera Victor Yara Yusuf Zoe'
).split(' ')

export const LAST_NAMES: readonly string[] = (
  'Abate Andersen Bauer Becker Berg Bianchi Blanc Costa Dahl Dubois Eriksen Fabre Fischer Fontana Garcia Girard ' +
  'Gruber Haddad Hansen Hoffmann Horvat Ivanov Jansen Jensen Johansson Kaya Keller Khan Klein Kovac Larsen Laurent ' +
  'Lopez Lund Maier Marino Martin Meyer Moreau Moretti Murphy Nielsen Novak Nowak Okafor Olsen Pereira Petrov ' +
  'Popescu Ricci Rossi Roux Ruiz Santos Schmidt Silva Sorensen Stein Svensson Tanaka Toth Urban Virtanen Vogel ' +
  'Wagner Weber Winter Wolf Yilmaz Zeman'
).split(' ')

export interface Verdict {
  readonly titles: readonly string[]
  readonly sentences: readonly string[]
}

/** What a reviewer says, from one star to five. */
export const VERDICTS: readonly Verdict[] = [
  {
    titles: ['Disappointed', 'Broke after a week', 'Not as described', 'Sent it back'],
    sentences: [
      'It stopped working within days.',
      'The material is far thinner than on the pictures.',
      'Support answered after two weeks.',
      'I returned it and bought something else.',
    ],
  },
  {
    titles: ['Expected more', 'Only so-so', 'Not for the price'],
    sentences: [
      'It does the job, but barely.',
      'One corner was scratched when it came.',
      'For this price I would expect a better finish.',
      'The size runs small.',
    ],
  },
  {
    titles: ['It is all right', 'Does what it should', 'Mixed feelings'],
    sentences: [
      'Neither good nor bad.',
      'It looks nice, but the instructions are poor.',
      'I use it less often than I thought I would.',
      'Good idea, average workmanship.',
    ],
  },
  {
    titles: ['Good buy', 'Happy with it', 'Almost perfect', 'Solid'],
    sentences: [
      'Well made and arrived on time.',
      'A little heavier than expected, otherwise very good.',
      'I would buy it again.',
      'The colour is slightly darker than on the screen.',
    ],
  },
  {
    titles: ['Love it', 'Exactly right', 'Best I have had', 'Highly recommended', 'Worth every cent'],
    sentences: [
      'I use it every day and it still looks new.',
      'Beautiful work, better than on the pictures.',
      'My whole family keeps borrowing it.',
      'I have bought a second one as a present.',
      'Arrived within two days, well packed.',
    ],
  },
]
