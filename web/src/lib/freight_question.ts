// The freight page's question in the address. What cannot be read falls back to the default.

import { MODES, type Mode } from './freight';

export const FREIGHT_VIEWS = ['plan', 'orders', 'hub', 'flow'] as const;
export type FreightView = (typeof FREIGHT_VIEWS)[number];

export interface Freight {
  view: FreightView;
  /** Ids of places. */
  from: string;
  to: string;
  commodity: string;
  /** As typed; tonnes of loose goods, boxes of a container. */
  amount: string;
  via: string;
  avoid: string;
  modes: Mode[];
  whyNot: string;
  /** The whole front, not only the plans worth showing. */
  all: boolean;
}

export const emptyFreight = (): Freight => ({
  view: 'plan',
  from: '',
  to: '',
  commodity: '',
  amount: '',
  via: '',
  avoid: '',
  modes: [...MODES],
  whyNot: '',
  all: false,
});

const WORDS = ['from', 'to', 'commodity', 'amount', 'via', 'avoid', 'whyNot'] as const;

export function readFreight(params: URLSearchParams): Freight {
  const out = emptyFreight();
  const view = params.get('view') as FreightView;
  if (FREIGHT_VIEWS.includes(view)) out.view = view;
  for (const word of WORDS) {
    const value = params.get(word) ?? '';
    if (/^[\w.,-]{0,120}$/.test(value)) out[word] = value;
  }
  const modes = params.get('modes');
  if (modes !== null) out.modes = MODES.filter((mode) => modes.split(',').includes(mode));
  out.all = params.get('all') === '1';
  return out;
}

export function writeFreight(params: URLSearchParams, of: Freight): void {
  if (of.view !== 'plan') params.set('view', of.view);
  for (const word of WORDS) if (of[word]) params.set(word, of[word]);
  if (of.modes.length !== MODES.length) params.set('modes', of.modes.join(','));
  if (of.all) params.set('all', '1');
}
