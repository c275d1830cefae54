/** What a shop sells. Prices are pence: each, or per kilogram where goods are weighed. */
export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly brand: string | null;
  readonly pricePence: number;
  readonly weighed: boolean;
  /** Percent, as the till prints it. */
  readonly vatRate: '0' | '5' | '20';
  /** How often it is bought, beside the others. */
  readonly weight: number;
  /** Whether customers bring it back now and then. */
  readonly returnable: boolean;
}

type Kind = Pick<Product, 'category' | 'vatRate' | 'weight'> & {
  readonly weighed?: true;
  readonly returnable?: true;
  /** Name, pence, brand. */
  readonly products: readonly (readonly [string, number, string?])[];
};

const kinds: readonly Kind[] = [
  {
    category: 'bakery',
    vatRate: '0',
    weight: 9,
    products: [
      ['White loaf', 145, 'Millbrook'],
      ['Seeded loaf', 210, 'Millbrook'],
      ['Croissant', 110],
      ['Cinnamon bun', 165],
      ['Teacakes, four', 190, 'Millbrook'],
    ],
  },
  {
    category: 'dairy',
    vatRate: '0',
    weight: 8,
    products: [
      ['Milk, two pints', 130, 'Dale Farm'],
      ['Butter, salted', 239, 'Dale Farm'],
      ['Cheddar, mature', 425, 'Dale Farm'],
      ['Yoghurt, plain', 185],
      ['Eggs, six', 195],
    ],
  },
  {
    category: 'produce',
    vatRate: '0',
    weight: 7,
    weighed: true,
    products: [
      ['Apples, loose', 240],
      ['Bananas, loose', 115],
      ['Tomatoes on the vine', 399],
      ['Potatoes', 95],
      ['Cherries', 1190],
    ],
  },
  {
    category: 'pantry',
    vatRate: '0',
    weight: 5,
    returnable: true,
    products: [
      ['Coffee, ground', 595, 'Harbour'],
      ['Tea, eighty bags', 320, 'Harbour'],
      ['Spaghetti', 125, 'Pasta Nonna'],
      ['Tomato sauce', 215, 'Pasta Nonna'],
      ['Olive oil, litre', 899, 'Pasta Nonna'],
      ['Honey', 475],
    ],
  },
  {
    category: 'drinks',
    vatRate: '20',
    weight: 5,
    products: [
      ['Sparkling water', 99],
      ['Orange juice', 265, 'Grove'],
      ['Lemonade', 155, 'Grove'],
      ['Pale ale, four', 725, 'Old Lock'],
      ['Red wine', 950],
    ],
  },
  {
    category: 'household',
    vatRate: '20',
    weight: 3,
    returnable: true,
    products: [
      ['Washing powder', 785, 'Brightly'],
      ['Dish soap', 175, 'Brightly'],
      ['Light bulb, LED', 449],
      ['Batteries, eight', 699],
      ['Candle, beeswax', 1250],
    ],
  },
  {
    category: 'home',
    vatRate: '20',
    weight: 1,
    returnable: true,
    products: [
      ['Umbrella', 1800],
      ['Kettle', 3499, 'Kestrel'],
      ['Toaster', 2999, 'Kestrel'],
      ['Desk fan', 2450, 'Kestrel'],
      ['Picnic blanket', 2199],
    ],
  },
  {
    category: 'news',
    vatRate: '0',
    weight: 4,
    products: [
      ['Daily paper', 220],
      ['Weekend paper', 380],
      ['Crossword book', 499],
    ],
  },
  {
    category: 'tobacco',
    vatRate: '20',
    weight: 2,
    products: [
      ['Cigarettes, twenty', 1495],
      ['Rolling tobacco', 1875],
    ],
  },
  { category: 'gift-card', vatRate: '0', weight: 1, products: [['Gift card', 2000]] },
  {
    category: 'non-goods',
    vatRate: '20',
    weight: 5,
    products: [['Carrier bag', 20]],
  },
];

export const assortment: readonly Product[] = kinds.flatMap((kind, kindIndex) =>
  kind.products.map(([name, pricePence, brand], index) => ({
    sku: `50${kindIndex + 10}${String(index + 1).padStart(3, '0')}`,
    name,
    category: kind.category,
    brand: brand ?? null,
    pricePence,
    weighed: kind.weighed ?? false,
    vatRate: kind.vatRate,
    weight: kind.weight,
    returnable: kind.returnable ?? false,
  })),
);

export const program = 'corner-shop';
export const chain = 'corner-shop';

export interface Store {
  readonly id: string;
  readonly tills: readonly string[];
  /** How its tills send: answered one batch after another, or put on the bus. */
  readonly sends: 'http' | 'bus';
  /** Receipts of an ordinary day. */
  readonly receiptsADay: number;
}

export const stores: readonly Store[] = [
  { id: 'high-street', tills: ['1', '2', '3'], sends: 'http', receiptsADay: 21 },
  { id: 'market-hall', tills: ['1', '2'], sends: 'http', receiptsADay: 14 },
  { id: 'station', tills: ['1', '2'], sends: 'bus', receiptsADay: 9 },
];
