// The stacked area as an SVG text of its own, for the download (on screen it is a canvas).
import type { Event, Series } from './api';
import { percent, seconds, when, iso } from './format';

const escape = (s: string) => s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

export function areaSvg(series: Series, events: Event[], colour: Map<string, string>, from: number, to: number, title: string): string {
  const W = 960, H = 460, left = 56, right = 16, top = 48, bottom = 80, w = W - left - right, h = H - top - bottom;
  const x = (t: number) => left + (Math.max(from, Math.min(to, t)) - from) / (to - from || 1) * w;
  const y = (v: number) => top + (1 - v) * h;
  const n = series.times.length, base = new Array<number>(n).fill(0);
  const areas = series.upstreams.map((u) => {
    const low = [...base], high = base.map((b, i) => b + (u.values[i] ?? 0));
    high.forEach((v, i) => (base[i] = v));
    const end = (i: number) => (i + 1 < n ? series.times[i + 1] : to);
    let up = '', down = '';
    for (let i = 0; i < n; i++) {
      up += `L${x(series.times[i]).toFixed(1)} ${y(high[i]).toFixed(1)}L${x(end(i)).toFixed(1)} ${y(high[i]).toFixed(1)}`;
      down = `L${x(end(i)).toFixed(1)} ${y(low[i]).toFixed(1)}L${x(series.times[i]).toFixed(1)} ${y(low[i]).toFixed(1)}` + down;
    }
    return n ? `<path d="M${(up + down).slice(1)}Z" fill="${colour.get(String(u.asn)) ?? '#7a7a7a'}"/>` : '';
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map((v) => `<path d="M${left} ${y(v)}H${W - right}" stroke="#ccc"/><text x="${left - 6}" y="${y(v) + 4}" text-anchor="end">${percent(v)}</text>`);
  const marks = events.filter((e) => seconds(e.first_seen) >= from && seconds(e.first_seen) <= to)
    .map((e) => `<path d="M${x(seconds(e.first_seen)).toFixed(1)} ${top}v${h}" stroke="#b3261e" stroke-dasharray="4 3"><title>${escape(e.why)}</title></path>`);
  const legend = series.upstreams.slice(0, 8).map((u, i) => {
    const cx = left + (i % 4) * (w / 4), cy = H - 40 + Math.floor(i / 4) * 18;
    return `<rect x="${cx}" y="${cy - 10}" width="12" height="12" fill="${colour.get(String(u.asn)) ?? '#7a7a7a'}"/><text x="${cx + 17}" y="${cy}">${escape((u.name || 'AS' + u.asn).slice(0, 28))}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${W}" height="${H}" viewBox="0 0 ${W} ${H}" font-family="sans-serif" font-size="12"><rect width="${W}" height="${H}" fill="#fff"/>` +
    `<text x="${left}" y="24" font-size="16" font-weight="600">${escape(title)}</text>` + grid.join('') + areas.join('') + marks.join('') +
    `<text x="${left}" y="${top + h + 18}">${when(iso(Math.round(from)))}</text><text x="${W - right}" y="${top + h + 18}" text-anchor="end">${when(iso(Math.round(to)))}</text>` + legend.join('') + '</svg>';
}
