import type { Finding } from '../../report/model.ts';
import type { StepDetail } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatSize } from '../../units/size.ts';
import { stepPath } from '../routes.ts';
import { fileOf } from './streams.ts';

type Attempt = StepDetail['attempts'][number];

/** The findings in a log, with their lines. */
export function findingsIn({ findings }: StepDetail, attempt: number, stream: string): Finding[] {
  return findings.filter((one) => one.attempt === attempt && one.file === fileOf(stream) && one.line);
}

/** A link to the first finding in another log. */
function ToFinding({ run, stream, findings }: { run: string; stream: string; findings: readonly Finding[] }) {
  const [first] = findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (!first) return null;
  const { step, attempt, line = 1, severity } = first;
  return (
    <>
      {' '}
      <a
        class={severity}
        href={stepPath(run, step, { stream, attempt, line })}
        title={`Go to the first finding in ${stream}`}
      >
        <span aria-hidden="true">✗</span> {counted(findings.length, 'finding')}
      </a>
    </>
  );
}

/** Attempts and logs as links. */
export function Choices(props: {
  run: string;
  detail: StepDetail;
  about: Attempt | undefined;
  attempt: number;
  stream: string;
}) {
  const { run, detail, about, attempt, stream } = props;
  return (
    <>
      {detail.attempts.length > 1 && (
        <nav class="choices" aria-label="Attempts">
          {detail.attempts.map(({ number, message, exitStatus }) => (
            <a
              key={number}
              href={stepPath(run, detail.id, { stream, attempt: number })}
              aria-current={number === attempt ? 'true' : undefined}
              title={message ?? (exitStatus === undefined ? undefined : `exit status ${exitStatus}`)}
            >
              attempt {number}
            </a>
          ))}
        </nav>
      )}
      {about && about.logs.length > 0 && (
        <nav class="choices" aria-label="Logs of this attempt">
          {about.logs.map((log) => (
            <span key={log.stream}>
              <a
                href={stepPath(run, detail.id, { stream: log.stream, attempt })}
                aria-current={log.stream === stream ? 'true' : undefined}
              >
                {log.stream} <span class="soft">{formatSize(log.size)}</span>
              </a>
              {log.stream !== stream && (
                <ToFinding run={run} stream={log.stream} findings={findingsIn(detail, attempt, log.stream)} />
              )}
            </span>
          ))}
        </nav>
      )}
    </>
  );
}
