import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { LocalAgent } from './agent.ts';
import { type Answer, authenticate, json, NOT_FOUND, readBody, refusal, send } from './answers.ts';
import { type LocalMasterOptions, MESOS_VERSION } from './options.ts';
import { totals } from './resources.ts';
import { type AgentCall, browse, download, operate, read } from './sandbox-files.ts';
import { taskState } from './state.ts';

/** The agent's own HTTP server, where offers point: its state and the files of its tasks. */
export function agentServer(agent: LocalAgent, credentials: LocalMasterOptions['credentials']): Server {
  const server = createServer((request, response) => {
    answer(agent, credentials, request).then(
      (ready) => send(response, ready),
      (error: Error) => send(response, refusal(500, error.message)),
    );
  });
  server.keepAliveTimeout = 0;
  return server;
}

async function answer(
  agent: LocalAgent,
  credentials: LocalMasterOptions['credentials'],
  request: IncomingMessage,
): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent');
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
      return operate(JSON.parse((await readBody(request)).toString('utf8')) as AgentCall, resolve);
    default:
      return NOT_FOUND;
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
