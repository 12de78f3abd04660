// The address is the state: #/view/argument?key=value. Every view can be shared by its URL.

export interface Route { view: string; arg: string; query: Record<string, string> }

function read(): Route {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [view = '', ...rest] = path.split('/');
  return { view, arg: decodeURIComponent(rest.join('/')), query: Object.fromEntries(new URLSearchParams(search)) };
}

export const route = $state({ now: read() });
addEventListener('hashchange', () => { route.now = read(); });

export function link(view: string, arg = '', query: Record<string, string | undefined> = {}): string {
  const kept = Object.entries(query).filter((e): e is [string, string] => !!e[1]);
  const search = new URLSearchParams(kept).toString();
  return `#/${view}${arg ? '/' + encodeURIComponent(arg) : ''}${search ? '?' + search : ''}`;
}

/** Changes some keys of the query in place, without a new entry in the browser's history. */
export function amend(changes: Record<string, string | undefined>): void {
  const { view, arg, query } = route.now;
  history.replaceState(null, '', link(view, arg, { ...query, ...changes }));
  route.now = read();
}
