// The API of web/openapi.json: types of what is used here, and one function that asks.

export interface Upstream {
  asn: number; name: string; country: string; share: number; low: number; high: number; hegemony: number; prefixes: number;
  first_seen: string | null; last_seen: string | null; global?: boolean;
}
export interface Report {
  territory: string; name?: string; sentence?: string; family: number; at: string;
  vantage: { peers: number; full_feed: number; ases: number; collectors: number };
  prefixes: number; addresses: number; visible: number; invisible: number;
  upstreams: Upstream[];
  countries: { country: string; share: number }[];
  gateways: { asn: number; name: string; share: number }[];
  resilience: {
    gateways: number; class: string; hhi: number; effective: number; entropy: number; country_hhi: number;
    single_homed: number; critical: { asn: number; lost: number }[];
  };
  behind?: { asn: number; name: string; country: string; upstream: number; share: number }[];
  health: { records: number; bad: number; resets: number; gaps: number };
}
export interface Series {
  territory: string; family: number; from: string; to: string; times: number[];
  upstreams: { asn: number; name: string; country: string; first_seen: string | null; last_seen: string | null; values: (number | null)[] }[];
  visible: (number | null)[]; effective?: (number | null)[];
}
export interface Evidence { peer: string; asn: number; at: string; before: number[]; after: number[] }
export interface Event {
  id: number; episode: number; kind: string; scope: string; territory?: string; family?: number; asn?: number; upstream?: number;
  country?: string; first_seen: string; confirmed?: string; end?: string; prefixes?: string[]; vantage?: number;
  collectors?: number; before?: number; after?: number; severity: string; why: string; evidence?: Evidence[];
  upstream_name?: string; asn_name?: string;
}
export interface RankRow {
  id: string; name: string; prefixes: number; addresses: number; upstreams: number; gateways: number;
  top: { asn: number; name: string; country: string }; top_share: number; hhi: number; effective: number; country_hhi: number;
  visible: number; single_homed: number; class: string;
}
export interface Graph {
  nodes: { id: string; layer: 'network' | 'carrier' | 'gateway' | 'prefix'; asn?: number; name: string; country?: string }[];
  links: { source: string; target: string; share: number }[];
}
export interface PrefixRow { prefix: string; addresses: number; visible: number; state: string; upstreams: { asn: number; share: number }[] }
export interface Lane { prefix: string; states: [number, string][]; upstreams: [number, number[]][] }
export interface Health {
  records: number; bad: number; resets: number; gaps: number; files: number; first: string | null; last: string | null; watching?: boolean;
  sources?: string; collectors: { name: string; peers: number; full_feed?: number; first?: string | null; last?: string | null }[];
}
export interface Hit { kind: string; id: string; name: string; country?: string }
export interface Page<T> { items: T[]; next: string | null }

const base = new URL('api/v1/', document.baseURI).href;

export type Query = Record<string, string | number | undefined | null>;

export function address(path: string, query: Query = {}): string {
  const url = new URL(path, base);
  for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== null && v !== '') url.searchParams.set(k, String(v));
  return url.href;
}

export class Refused extends Error {
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

export async function ask<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address(path, query), { headers: { accept: 'application/json' }, signal });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Refused('The server does not answer. Is `isthmus serve` running?', 0);
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Refused(problem.detail ?? problem.title ?? `The server answered ${answer.status}.`, answer.status);
  }
  return answer.json();
}

export const who = (id: string) => encodeURIComponent(id);
