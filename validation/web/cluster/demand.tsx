import { printable } from '../../report/printable.ts';
import { counted } from '../../units/count.ts';
import type { ProjectState } from './state.ts';

/** The words for the sources of demand. */
export const SOURCES: Readonly<Record<string, string>> = { workqueue: 'Work Queue', htcondor: 'HTCondor' };

/** The demand of all projects: a column for each source of demand, side by side. */
export function Demand({ projects }: { projects: readonly ProjectState[] }) {
  if (projects.length === 0) return <p class="notice soft">No manager asks for workers now.</p>;
  const order = Object.keys(SOURCES);
  const sources = [...new Set(projects.map(({ source }) => source))].sort(
    (a, b) => order.indexOf(a) - order.indexOf(b),
  );
  return (
    <>
      <h3>Demand</h3>
      <div class="sources">
        {sources.map((source) => (
          <Source key={source} source={source} projects={projects.filter((one) => one.source === source)} />
        ))}
      </div>
    </>
  );
}

function Source({ source, projects }: { source: string; projects: readonly ProjectState[] }) {
  const sum = (of: (project: ProjectState) => number): number => projects.reduce((total, one) => total + of(one), 0);
  const sorted = [...projects].sort(
    (a, b) => Number(b.reason !== '') - Number(a.reason !== '') || b.waiting - a.waiting,
  );
  const name = SOURCES[source] ?? source;
  return (
    <section aria-label={name === '' ? 'Demand' : `Demand of ${name}`}>
      <h4>
        {name}{' '}
        <span class="soft">
          {counted(projects.length, 'project')}:{' '}
          {counted(
            sum(({ waiting }) => waiting),
            'task',
          )}{' '}
          waiting, {sum(({ running }) => running)} on workers
        </span>
      </h4>
      {sorted.map((project) => (
        <Project key={`${project.project} ${project.manager}`} project={project} />
      ))}
    </section>
  );
}

/** A project: first why it gets no more workers, then its numbers, then the terms. */
function Project({ project }: { project: ProjectState }) {
  const { blocked, reason, waiting, running, workers, words, manager, pool } = project;
  const calm = waiting > 0 ? 'Its tasks have workers, or workers start for them.' : 'No task waits.';
  return (
    <article class={`project ${reason === '' ? '' : 's-aborted'}`}>
      <h5>{printable(project.project)}</h5>
      <p class={reason === '' ? 'soft' : 'strong'}>
        {reason !== '' && <span aria-hidden="true">⚠ </span>}
        {reason === '' ? calm : sentence(printable(reason))}
      </p>
      <p class="facts">
        <span>{counted(waiting, 'task')} waiting</span>
        <span>{running} on workers</span>
        <span>workers: {workers}</span>
      </p>
      <details>
        <summary>All sentences</summary>
        <ul>
          {words.map((text) => (
            <li key={text}>{printable(text)}</li>
          ))}
        </ul>
        <p class="soft">
          {printable(manager)}, pool {printable(pool) || 'none'}
          {blocked !== '' && `, reason ${printable(blocked)}`}
        </p>
      </details>
    </article>
  );
}

function sentence(text: string): string {
  const end = /[.!?]$/.test(text) ? '' : '.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}
