// The server's stream: `event` brings one event, `kept` says that the store has grown. Views reload by `live.version`.
import { address, type Event } from './api';

export const live = $state({ connected: false, version: 0, events: [] as Event[] });

let source: EventSource | undefined;
export function connect(): void {
  if (source) return;
  source = new EventSource(address('stream'));
  source.onopen = () => { live.connected = true; };
  source.onerror = () => { live.connected = false; };
  source.addEventListener('event', (m) => {
    const e = JSON.parse(m.data) as Event;
    live.events = [e, ...live.events.filter((x) => x.id !== e.id)].slice(0, 200);
    live.version++;
  });
  source.addEventListener('kept', () => { live.version++; });
}
