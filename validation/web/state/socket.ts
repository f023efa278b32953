import { signal } from '@preact/signals';

/** Sockets that should be open and are not: the page says so while there are any. */
export const lost = signal(0);

export interface SocketHandlers<T> {
  /** Each time that it is open, also again: what was missed meanwhile must be asked for. */
  onOpen?: () => void;
  onMessage: (message: T) => void;
}

/** First and longest pause between attempts, ms. */
const PAUSE = { first: 250, most: 5000 };

/**
 * A WebSocket of the server that is opened again whenever it closes, until told otherwise.
 * @param path asked anew at each attempt: a log is followed from where it is by then
 */
export function keepOpen<T>(path: () => string | Promise<string>, handlers: SocketHandlers<T>): { close: () => void } {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = PAUSE.first;
  let closed = false;
  let counted = false;
  const count = (isLost: boolean): void => {
    if (isLost !== counted) lost.value += isLost ? 1 : -1;
    counted = isLost;
  };
  const again = (): void => {
    if (closed) return;
    count(true);
    clearTimeout(timer);
    timer = setTimeout(open, pause * (0.75 + Math.random() / 2));
    pause = Math.min(PAUSE.most, pause * 2);
  };
  const open = async (): Promise<void> => {
    let address: string;
    try {
      address = await path();
    } catch {
      again();
      return;
    }
    if (closed) return;
    const current = new WebSocket(new URL(address, location.href.replace(/^http/, 'ws')));
    socket = current;
    current.onopen = () => {
      pause = PAUSE.first;
      count(false);
      handlers.onOpen?.();
    };
    current.onmessage = ({ data }) => {
      if (!closed && typeof data === 'string') handlers.onMessage(JSON.parse(data) as T);
    };
    current.onclose = () => {
      if (socket === current) again();
    };
  };
  // A laptop that wakes up need not wait for the pause to pass.
  const hurry = (): void => {
    if (!closed && counted) {
      clearTimeout(timer);
      pause = PAUSE.first;
      void open();
    }
  };
  addEventListener('online', hurry);
  void open();
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      removeEventListener('online', hurry);
      count(false);
      socket?.close();
    },
  };
}
