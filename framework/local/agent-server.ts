import type { IncomingMessage, Server } from 'node:http';
import { guardedServer } from '../http/server.ts';
import type { LocalAgent } from './agent.ts';
import { type Answer, authenticate, json, NOT_FOUND, RefusedRequest, readBody, refusal, send } from './answers.ts';
import type { LocalCredentials } from './credentials.ts';
import { MESOS_VERSION } from './options.ts';
import { totals } from './resources.ts';
import { type AgentCall, browse, download, operate, read } from './sandbox-files.ts';
import { taskState } from './state.ts';

/** An idle connection is closed after this time, ms. */
const SILENT_MS = 60_000;

/** The agent's own HTTP server: its state, and the files of its tasks. Offers contain its address. */
export function agentServer(agent: LocalAgent, credentials: LocalCredentials | undefined): Server {
  const server = guardedServer({
    listener: (request, response, url) => {
      answer(agent, credentials, request, url).then(
        (ready) => send(response, ready),
        (error: Error) => send(response, error instanceof RefusedRequest ? error.answer : refusal(500, error.message)),
      );
    },
  });
  server.timeout = SILENT_MS;
  return server;
}

async function answer(
  agent: LocalAgent,
  credentials: LocalCredentials | undefined,
  request: IncomingMessage,
  { pathname, searchParams }: URL,
): Promise<Answer> {
  const path = pathname.replace(/^\/slave\(1\)(?=\/)/, '');
  if (path === '/health') return { status: 200 };
  const who = authenticate(request, credentials, 'mesos-agent-readonly');
  if ('status' in who) return who;
  const resolve = (name: string) => agent.sandboxes.resolve(name);
  switch (path) {
    case '/files/browse':
      return browse(searchParams, resolve);
    case '/files/read':
      return read(searchParams, resolve);
    case '/files/download':
      return download(searchParams, resolve);
    case '/state':
      return json(agentState(agent));
    case '/api/v1':
      return operate(await readCall(request), resolve);
    default:
      return NOT_FOUND;
  }
}

/** A call of the operator API. A form on another site cannot send this content type. @throws RefusedRequest */
async function readCall(request: IncomingMessage): Promise<AgentCall> {
  if (request.headers['content-type'] !== 'application/json') {
    throw new RefusedRequest(415, "Expecting 'Content-Type' of application/json");
  }
  const text = (await readBody(request)).toString('utf8');
  try {
    return JSON.parse(text) as AgentCall;
  } catch (error) {
    throw new RefusedRequest(400, `Failed to parse body into JSON: ${(error as Error).message}`);
  }
}

function agentState(agent: LocalAgent) {
  const frameworks = [...agent.history].map(([id, tasks]) => {
    const [first] = tasks.values();
    const executors = [...tasks.values()].map((task) => ({
      ended: task.ended,
      id: task.info.task_id.value,
      source: task.info.task_id.value,
      container: task.containerId,
      directory: task.directory,
      resources: totals(task.info.resources),
      tasks: [taskState(id, agent.id, { ...task, resources: task.info.resources, state: task.updates.latest })],
    }));
    return {
      id,
      name: first?.framework.name,
      user: first?.framework.user,
      executors: executors.filter(({ ended }) => !ended),
      completed_executors: executors.filter(({ ended }) => ended),
    };
  });
  return {
    version: MESOS_VERSION,
    id: agent.id,
    pid: `slave(1)@127.0.0.1:${agent.port}`,
    hostname: agent.hostname,
    resources: totals(agent.resources),
    attributes: Object.fromEntries(
      agent.attributes.map(({ name, text, scalar }) => [name, text?.value ?? scalar?.value]),
    ),
    frameworks: frameworks.filter(({ executors }) => executors.length > 0),
    completed_frameworks: frameworks.filter(({ executors }) => executors.length === 0),
  };
}
