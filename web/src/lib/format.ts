// Numbers, times and names as people read them. Times are UTC throughout, and say so.

export const percent = (v: number | null | undefined, digits = 0) =>
  v === null || v === undefined || Number.isNaN(v) ? '–' : `${(v * 100).toFixed(digits)} %`;
export const number = (v: number | undefined | null) => (v === undefined || v === null ? '–' : v.toLocaleString('en'));
export const decimal = (v: number | undefined | null, digits = 2) => (v === undefined || v === null ? '–' : v.toFixed(digits));

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });
export function country(code: string | undefined | null): string {
  if (!code || code === 'ZZ') return 'unknown';
  try { return regions.of(code) ?? code; } catch { return code; }
}

export const seconds = (iso: string) => Date.parse(iso) / 1000;
export const iso = (s: number) => new Date(s * 1000).toISOString().replace(/\.000Z$/, 'Z');
export function when(text: string | null | undefined): string {
  return text ? text.replace('T', ' ').replace(/\.\d+Z$|Z$/, '') + ' UTC' : '–';
}
export function day(text: string | null | undefined): string {
  return text ? text.slice(0, 10) : '–';
}
export function span(from: string, to: string | undefined | null): string {
  if (!to) return 'still so';
  const s = Math.max(0, Math.round(seconds(to) - seconds(from)));
  const parts: [number, string][] = [[Math.floor(s / 86400), 'd'], [Math.floor(s / 3600) % 24, 'h'], [Math.floor(s / 60) % 60, 'min'], [s % 60, 's']];
  const kept = parts.filter(([n]) => n > 0).slice(0, 2);
  return kept.length ? kept.map(([n, u]) => `${n} ${u}`).join(' ') : '0 s';
}

export const carrier = (u: { asn: number; name?: string }) => (u.name ? `${short(u.name)} (AS${u.asn})` : `AS${u.asn}`);
export const short = (name: string, n = 34) => (name.length > n ? name.slice(0, n - 1) + '…' : name);

const kinds: Record<string, string> = {
  'upstream-new': 'New carrier', 'upstream-lost': 'Carrier lost', 'upstream-return': 'Carrier back', 'primary-changed': 'Main carrier changed',
  'share-shift': 'Share shifted', outage: 'Outage', instability: 'Instability', 'origin-new': 'New origin', 'subprefix-new': 'New more-specific',
  'route-leak': 'Route leak', 'rpki-invalid': 'RPKI invalid', 'peer-reset': 'Peer reset', 'collector-gap': 'Collector gap',
};
export const kindName = (kind: string) => kinds[kind] ?? kind;
export const kindList = Object.entries(kinds);

const classes: Record<string, string> = {
  severe: 'one or two gateways: a few phone calls cut it off', significant: 'three to nine gateways', low: 'ten to 39 gateways',
  resistant: '40 gateways or more',
};
export const className = (c: string) => classes[c] ?? c;
