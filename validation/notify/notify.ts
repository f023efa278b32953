import type { Report } from '../report/model.ts';
import { type Outcome, tryOften } from './attempts.ts';
import { whyNot } from './conditions.ts';
import { type Delivery, deliveriesOf } from './deliveries.ts';
import type { Channel, NotifySettings } from './settings.ts';
import type { Occasion } from './words.ts';

/** The messages of one channel about an event, or why it gets none. */
export interface Planned {
  channel: string;
  deliveries: Delivery[];
  skipped?: string | undefined;
}

/** The results, one for each channel with messages. */
export interface Notified {
  channel: string;
  outcome: 'sent' | 'failed';
  /** Attempts for all its messages together. */
  attempts: number;
  message?: string | undefined;
}

export interface Planning {
  /** Report of the run before, of the same name and workflow. */
  before?: Report | undefined;
  /** JIRA issue that replaces the configured ones. */
  issue?: string | undefined;
  /** Ignore the conditions of the channels. */
  force?: boolean | undefined;
}

/** Plans the messages for all channels. Pure. */
export function planNotifications(settings: NotifySettings, occasion: Occasion, planning: Planning = {}): Planned[] {
  const { before, issue, force } = planning;
  return settings.channels.map((channel, index) => {
    const reason = whyNot(channel, occasion, before, issue);
    const name = nameOf(channel, index, settings.channels);
    const deliveries = reason === undefined || force ? deliveriesOf(channel, occasion, issue) : [];
    return { channel: name, deliveries, skipped: deliveries.length > 0 ? undefined : reason };
  });
}

/** Its own name, or its type, with a number if there are several channels of that type. */
function nameOf(channel: Channel, index: number, all: readonly Channel[]): string {
  if (channel.name !== undefined) return channel.name;
  const same = all.filter(({ type }) => type === channel.type);
  const number = all.slice(0, index + 1).filter(({ type }) => type === channel.type).length;
  return same.length === 1 ? channel.type : `${channel.type}-${number}`;
}

/** Seconds before the second attempt. */
const PAUSE_SECONDS = 1;

/**
 * Sends the planned messages, to all channels at once, and reports each channel when it is done. Never throws, and ends within
 * `totalSeconds`.
 */
export async function sendNotifications(
  settings: NotifySettings,
  planned: readonly Planned[],
  tell: (notified: Notified) => void,
  pauseSeconds = PAUSE_SECONDS,
): Promise<void> {
  const { attempts, requestSeconds, totalSeconds } = settings;
  const patience = { attempts, requestSeconds, pauseSeconds, deadline: performance.now() + 1000 * totalSeconds };
  await Promise.all(
    planned.map(async ({ channel, deliveries }) => {
      if (deliveries.length === 0) return;
      const outcomes: Outcome[] = [];
      // One after the other: the watchers should see the comment.
      for (const delivery of deliveries) outcomes.push(await tryOften((signal) => send(delivery, signal), patience));
      const messages = outcomes.flatMap(({ message }) => message ?? []);
      tell({
        channel,
        outcome: outcomes.every(({ ok }) => ok) ? 'sent' : 'failed',
        attempts: outcomes.reduce((sum, one) => sum + one.attempts, 0),
        ...(messages.length > 0 && { message: [...new Set(messages)].join('; ') }),
      });
    }),
  );
}

/** The clients are loaded only when something is sent, so that other commands start faster. */
async function send(delivery: Delivery, signal: AbortSignal) {
  if (delivery.kind === 'http') return (await import('./send-http.ts')).sendHttp(delivery, signal);
  return (await import('./send-mail.ts')).sendMail(delivery, signal);
}
