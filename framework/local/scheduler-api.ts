import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Codec, jsonCodec, protobufCodec } from '../mesos/codec.ts';
import type { Call, MasterInfo } from '../mesos/messages.ts';
import { acknowledge } from './agents.ts';
import { type Answer, readBody, refusal } from './answers.ts';
import { readCall, UnreadableCall } from './call-reader.ts';
import type { HttpEventStream } from './event-stream.ts';
import { accept } from './launching.ts';
import type { Framework, Memory } from './memory.ts';
import { decline, revive, suppress } from './offers.ts';
import { reconcileAll, reconcileTask } from './statuses.ts';
import { disconnected, remove, subscribe, updateFramework } from './subscriptions.ts';
import { invalidCall, invalidUpdate } from './validation.ts';

export interface SchedulerContext {
  memory: Memory;
  master: MasterInfo;
  principal: string | undefined;
  /** Turns the answer to this request into an event stream. */
  open(codec: Codec): HttpEventStream;
  /** Gets calls that have no effect here. */
  takeOther(framework: Framework, call: Call): void;
}

const ACCEPTED: Answer = { status: 202 };
const isRefusal = (value: object): value is Answer => 'status' in value;

/** `POST /api/v1/scheduler`. @returns the answer, or undefined when it is an event stream */
export async function schedulerApi(
  request: IncomingMessage,
  response: ServerResponse,
  context: SchedulerContext,
): Promise<Answer | undefined> {
  if (request.method !== 'POST') {
    const body = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${request.method}'.`;
    return { status: 405, headers: { Allow: 'POST' }, body };
  }
  const call = await decode(request, context.principal);
  if (isRefusal(call)) return call;
  const codec = answerCodec(request.headers.accept);
  if (!codec) return refusal(406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
  const streamId = request.headers['mesos-stream-id'];
  if (call.type === 'SUBSCRIBE') {
    if (streamId !== undefined) return refusal(400, "Subscribe calls should not include the 'Mesos-Stream-Id' header");
    openStream(response, codec, call, context);
    return undefined;
  }
  const framework = caller(context, call, streamId);
  return isRefusal(framework) ? framework : perform(context, framework, call);
}

async function decode(request: IncomingMessage, principal: string | undefined): Promise<Call | Answer> {
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return refusal(400, "Expecting 'Content-Type' to be present");
  if (contentType !== jsonCodec.contentType && contentType !== protobufCodec.contentType) {
    return refusal(415, "Expecting 'Content-Type' of application/json or application/x-protobuf");
  }
  try {
    const call = readCall(contentType, await readBody(request));
    const error = invalidCall(call, principal);
    return error === undefined ? (call as Call) : refusal(400, `Failed to validate scheduler::Call: ${error}`);
  } catch (error) {
    if (error instanceof UnreadableCall) return refusal(400, error.message);
    throw error;
  }
}

/** If JSON is allowed, it is used, without regard to preferences. Without the header everything is allowed. */
function answerCodec(header: string | undefined): Codec | undefined {
  const types = (header ?? '*/*').split(',').map((type) => type.split(';')[0]?.trim());
  const allows = (name: string) => types.some((type) => type === name || type === 'application/*' || type === '*/*');
  return [jsonCodec, protobufCodec].find((codec) => allows(codec.contentType));
}

function openStream(response: ServerResponse, codec: Codec, call: Call, context: SchedulerContext): void {
  if (!call.subscribe) return;
  const { memory, master, principal } = context;
  const stream = context.open(codec);
  const framework = subscribe(memory, call.subscribe, stream, principal, master);
  if (!framework) return;
  memory.log.info({ framework: framework.id, name: framework.info.name }, 'framework subscribed');
  response.on('close', () => disconnected(memory, framework, stream));
}

/** The framework that may make this call on this stream. */
function caller(context: SchedulerContext, call: Call, streamId: string | string[] | undefined): Framework | Answer {
  const id = call.framework_id?.value ?? '';
  const framework = context.memory.frameworks.get(id);
  if (!framework) return refusal(400, 'Framework cannot be found');
  const { principal } = context;
  if (principal !== undefined && principal !== framework.info.principal) {
    const set = framework.info.principal ?? '';
    return refusal(
      400,
      `Authenticated principal '${principal}' does not match principal '${set}' set in \`FrameworkInfo\``,
    );
  }
  if (!framework.stream) return refusal(403, 'Framework is not subscribed');
  if (streamId === undefined) {
    return refusal(400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  }
  if (streamId !== framework.stream.id) {
    return refusal(
      400,
      `The stream ID '${streamId}' included in this request didn't match the stream ID currently associated with framework ID ${id}`,
    );
  }
  return framework;
}

const values = (ids: readonly { value: string }[] | undefined): string[] => (ids ?? []).map(({ value }) => value);

function perform({ memory, takeOther }: SchedulerContext, framework: Framework, call: Call): Answer {
  switch (call.type) {
    case 'TEARDOWN':
      remove(memory, framework);
      break;
    case 'ACCEPT':
      if (call.accept) accept(memory, framework, call.accept);
      break;
    case 'DECLINE':
      decline(memory, framework, values(call.decline?.offer_ids), call.decline?.filters?.refuse_seconds);
      break;
    case 'REVIVE':
      revive(memory, framework, call.revive?.roles ?? []);
      break;
    case 'SUPPRESS':
      suppress(framework, call.suppress?.roles ?? []);
      break;
    case 'KILL':
      if (call.kill) kill(memory, framework, call.kill);
      break;
    case 'ACKNOWLEDGE':
      if (call.acknowledge) {
        const { agent_id, task_id, uuid } = call.acknowledge;
        acknowledge(memory, framework, agent_id.value, task_id.value, uuid);
      }
      break;
    case 'RECONCILE':
      reconcile(memory, framework, call.reconcile?.tasks ?? []);
      break;
    case 'UPDATE_FRAMEWORK':
      return update(memory, framework, call.update_framework);
    default:
      takeOther(framework, call);
  }
  return ACCEPTED;
}

/**
 * The kill policy of the call is ignored, as in Mesos' command executor. A call that names an agent other than the task's is
 * ignored without an error (seen with Mesos 1.12).
 */
function kill(memory: Memory, framework: Framework, call: NonNullable<Call['kill']>): void {
  const task = framework.tasks.get(call.task_id.value);
  if (task && call.agent_id && call.agent_id.value !== task.agentId) return;
  if (task) memory.agents.get(task.agentId)?.link.kill(framework.id, call.task_id.value);
  else reconcile(memory, framework, [call]);
}

function reconcile(memory: Memory, framework: Framework, tasks: NonNullable<Call['reconcile']>['tasks']): void {
  const statuses =
    tasks.length === 0
      ? reconcileAll(framework)
      : tasks.flatMap((task) => reconcileTask(memory, framework, task.task_id, task.agent_id) ?? []);
  for (const status of statuses) memory.tellStatus(framework, status);
}

function update(memory: Memory, framework: Framework, call: Call['update_framework']): Answer {
  if (!call) return ACCEPTED;
  const error = invalidUpdate(framework.info, call.framework_info, call.suppressed_roles);
  if (error !== undefined) return refusal(400, error);
  updateFramework(memory, framework, call);
  return { status: 200 };
}
