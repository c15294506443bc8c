// An action server of the RISP action profile with a toy policy: node server.mjs [--port N] [--key K]
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const { port = '8000', key } = parseArgs({ options: { port: { type: 'string' }, key: { type: 'string' } } }).values;
const [PATH, PROTOCOL, MODEL, JOINTS, ROWS] = ['/v1/actions', 'risp.v1.json', 'toy', 6, 10];
const LIMITS = { max_frame_bytes: 4 << 20, max_in_flight: 16, idle_timeout_ms: 300000, answer_timeout_ms: 10000 };
const [OPEN_MS, SHUTDOWN_MS, LINGER_MS, REMEMBERED] = [30000, 5000, 200, 64];
const CLOSE_CODES = { not_open: 1008, invalid_open: 1008, idle_timeout: 1001, internal: 1011 }; // the fatal errors
const CLASH = ['duplicate_request', 'this id stands for other content', '/request_id'];
const RETRYABLE = ['too_many_in_flight', 'inference_failed', 'shutting_down', 'idle_timeout', 'internal'];
async function policy(state) { // a wave per joint; it keeps nothing from step to step, so a reset is nothing to do
  await sleep(5);
  return Array.from({ length: ROWS }, (_, row) => state.map((x) => Math.sin(x + 0.05 * row)));
}
// ---- Frames: JSON.parse, then a look at the tokens for what it lets pass
const TOKEN = /[{}[\]]|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:\s*(-?\d[\d.eE+-]*)?)?/g; // a number only after its key
function parseFrame(text) {
  const frame = JSON.parse(text);
  if (typeof frame?.type !== 'string') throw new Error('no frame');
  const keys = []; // one set per open object or array
  for (const [token, string, colon, number] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') keys.push(new Set());
    if (token === '}' || token === ']') keys.pop();
    if (keys.length > 64) throw new Error('nested too deep');
    const value = string && JSON.parse(string);
    if (value?.isWellFormed() === false) throw new Error('half of a surrogate pair');
    if (colon && keys.at(-1).has(value)) throw new Error('a key stands twice');
    if (colon) keys.at(-1).add(value);
    if (number && keys.length === 1 && value === 'capture_time_ns') frame.capture_time_ns = toBigInt(number);
  }
  return frame;
}
const toBigInt = (text) => /^\d{1,19}$/.test(text) ? BigInt(text) : Number.isInteger(+text) ? BigInt(+text) : NaN;
const errorFrame = (code, message, param) => (
  { type: 'error', code, message, fatal: code in CLOSE_CODES, retryable: RETRYABLE.includes(code), param });
// ---- Types and bounds of what a client sends
const isString = (v) => typeof v === 'string';
const isListOf = (test) => (v) => Array.isArray(v) && v.every((item) => test(item));
const isRow = (v) => isListOf(Number.isFinite)(v) && v.length === JOINTS; // a state is as wide as an action
const isChunk = (v) => isListOf(isRow)(v) && v.length >= 1 && v.length <= ROWS;
const isPositive = (v) => Number.isFinite(v) && v > 0;
const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);
const isSeq = (v) => Number.isSafeInteger(v) && v >= 0;
const isRequestId = (v) => isString(v) && v !== '' && v.length <= 256 && [...v].length <= 128;
const isTime = (v) => (typeof v === 'bigint' || (isString(v) && /^\d{1,19}$/.test(v))) && v >= 0n && v < 2n ** 63n;
const isBase64 = (v) => isString(v) && v.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(v);
const OPEN = { prompt: isString, session_id: isString, model: isString, lora: isString, robot: isString,
  action_adapter: isString, cameras: isListOf(isString), capabilities: isListOf(isString), hz: isPositive,
  max_gpu_seconds: isPositive, chunk_size: (v) => isSeq(v) && v > 0, queue: (v) => ['fifo', 'latest'].includes(v) };
const OBSERVATION = { seq: isSeq, request_id: isRequestId, state: isRow, prompt: isString,
  capture_time_ns: isTime, max_age_ms: (v) => Number.isFinite(v) && v >= 0, max_gpu_seconds: isPositive };
const wrongMember = (frame, members, required) => Object.keys(members).find(
  (name) => frame[name] == null ? required.includes(name) : !members[name](frame[name]));
const isImage = (v) => isBase64(isObject(v) && ['jpeg_base64', 'png_base64'].includes(v.encoding) ? v.data : v);
function wrongImage(images) { // -> JSON pointer
  if (!isObject(images)) return '/images';
  const camera = Object.keys(images).find((name) => !isImage(images[name]));
  return camera === undefined ? undefined : `/images/${camera.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
const sha256 = (text) => createHash('sha256').update(text).digest();
const sorted = (_, v) => isObject(v) ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v;
const contentHash = ({ state, images, prompt, max_gpu_seconds: gpu }) => ( // an absent or null member is null
  sha256(JSON.stringify([state, images ?? {}, prompt ?? null, gpu ?? null], sorted)).toString('hex'));

class Session { // one connection: new -> open -> closing -> closed
  constructor(ws) {
    // owed: unanswered observations as they came; waiting: those that wait for the policy; chunks: by request id
    Object.assign(this, { ws, state: 'new', lastSeq: -1, owed: [], waiting: [], chunks: new Map() });
    this.clock = setTimeout(() => this.end(1001), OPEN_MS); // once open, each frame and each answer winds it up
    ws.on('message', (data, isBinary) => this.receive(data, isBinary).catch((error) => this.defect(error)));
    for (const sign of ['message', 'ping', 'pong']) ws.on(sign, () => this.state === 'open' && this.clock.refresh());
    ws.on('error', () => {}).on('close', () => this.end()); // after an error comes 'close'
  }
  send({ capture_time_ns: time, ...frame }) {
    const stamp = time == null ? '' : `,"capture_time_ns":${isString(time) ? `"${time}"` : time}`;
    if (this.ws.readyState === this.ws.OPEN) this.ws.send(`${JSON.stringify(frame).slice(0, -1)}${stamp}}`);
  }
  fail(code, message, param) { this.send(errorFrame(code, message, param)); this.end(CLOSE_CODES[code]); }
  defect(error) { console.error(error); this.fail('internal', 'the server met a defect of its own'); }
  end(closeCode) {
    clearTimeout(this.clock);
    Object.assign(this, { state: 'closed', owed: [], waiting: [] });
    this.ws.close(closeCode);
  }
  async receive(data, isBinary) {
    if (this.state === 'closed') return;
    let frame;
    try { frame = isBinary ? null : parseFrame(data.toString()); } catch { frame = null; }
    if (!frame) this.send(errorFrame('bad_frame', 'a frame is a JSON object with a string type, in a text message'));
    else if (this.state === 'new' && frame.type === 'session.open') this.open(frame);
    else if (this.state === 'new') this.fail('not_open', 'session.open comes first');
    else if (frame.type === 'observation') await this.observe(frame);
    else if (frame.type === 'session.close') this.end(1000);
    else if (frame.type === 'session.open') this.send(errorFrame('already_open', 'one session per connection'));
    else this.send(errorFrame('unknown_type', 'a client sends session.open, observation and session.close'));
  }
  open(frame) {
    const wrong = wrongMember(frame, OPEN, ['prompt']);
    if (wrong) return this.fail('invalid_open', `${wrong} is missing, of a wrong type or out of bounds`, `/${wrong}`);
    clearTimeout(this.clock);
    this.clock = setTimeout(() => this.owed.length || this.fail('idle_timeout', 'no frame'), LIMITS.idle_timeout_ms);
    Object.assign(this, { state: 'open', latest: frame.queue === 'latest' });
    this.send({ type: 'session.ready', session_id: randomBytes(18).toString('base64url'),
      protocol: { version: '1.0', encoding: 'json' }, model: MODEL, state_dim: JOINTS, action_dim: JOINTS,
      chunk_size: ROWS, cameras: [], hz: 30, queue: this.latest ? 'latest' : 'fifo', limits: LIMITS,
      capabilities: ['queue_latest'], server_time_ns: `${Date.now()}000000` });
  }
  refusal({ o, hash, known }) { // -> [code, message, param] of what is wrong with an observation
    const name = wrongMember(o, OBSERVATION, ['seq', 'state']);
    if (name) return ['invalid_observation', `${name} is missing, of a wrong type or out of bounds`, `/${name}`];
    const image = wrongImage(o.images ?? {});
    if (image) return ['invalid_image', 'an image is padded base64, or an object that holds it', image];
    if (o.seq <= this.lastSeq) return ['out_of_order', `${o.seq} is not after ${this.lastSeq}`, '/seq'];
    if (this.state === 'closing') return ['shutting_down', 'the server is ending'];
    if (!this.latest && this.owed.length >= LIMITS.max_in_flight) return ['too_many_in_flight', 'wait for answers'];
    if (known && known.hash !== hash) return CLASH;
  }
  async observe(o) {
    const entry = { o, at: performance.now(), hash: isRequestId(o.request_id) && contentHash(o) };
    entry.known = this.chunks.get(o.request_id);
    const refusal = this.refusal(entry);
    this.owed.push(entry);
    if (refusal) return this.answer(entry, errorFrame(...refusal));
    this.lastSeq = o.seq;
    if (entry.known) return this.serve(entry); // from memory, without a turn of the policy
    const overtaken = this.latest && this.waiting.shift(); // in latest at most one waits
    this.waiting.push(entry);
    if (overtaken) this.answer(overtaken, { type: 'observation.dropped', reason: 'superseded' });
    if (this.busy) return;
    for (this.busy = true; this.waiting.length;) await this.serve(this.waiting.shift());
    this.busy = false;
  }
  async serve(entry) {
    const { o, at, hash, known = this.chunks.get(o.request_id) } = entry; // a pending one may be known by now
    const begun = performance.now();
    if (known && known.hash !== hash) return this.answer(entry, errorFrame(...CLASH));
    const actions = known?.actions ?? await policy(o.state).catch(console.error); // a repeat is not inferred again
    if (!isChunk(actions)) return this.answer(entry, errorFrame('inference_failed', 'inference failed'));
    if (hash && !known) this.chunks.set(o.request_id, { hash, actions });
    if (this.chunks.size > REMEMBERED) this.chunks.delete(this.chunks.keys().next().value);
    const metadata = { model: MODEL, inference_ms: performance.now() - begun, queue_ms: begun - at };
    this.answer(entry, { type: 'action_chunk', capture_time_ns: o.capture_time_ns, actions, metadata });
  }
  answer(entry, frame) {
    const { seq, request_id: id } = entry.o;
    entry.answer = { ...frame, seq: isSeq(seq) ? seq : undefined, request_id: isRequestId(id) ? id : undefined };
    for (const next of [...this.owed]) {
      const held = this.owed.find((e) => e === next || (!e.answer && (!this.latest || e.o.seq === next.o.seq)));
      if (held === next && next.answer) this.send(this.owed.splice(this.owed.indexOf(next), 1)[0].answer);
    }
    if (this.state === 'open') this.clock.refresh();
  }
  async announceEnd() {
    if (this.state !== 'open') return this.end(1001);
    this.state = 'closing';
    this.send({ type: 'session.closing', reason: 'shutdown', time_left_ms: SHUTDOWN_MS });
    const last = performance.now() + SHUTDOWN_MS - LINGER_MS; // even with nothing owed it waits for late observations
    do await sleep(LINGER_MS); while (this.owed.length && performance.now() < last);
    this.end(1001);
  }
}
// ---- Handshakes (the header Host proves nothing: any name can be pointed here), and the end
let ending = false;
const isKey = (sent = '') => timingSafeEqual(sha256(sent.replace(/^bearer +/i, 'Bearer ')), sha256(`Bearer ${key}`));
const isOwn = (origin = 'http://localhost') => /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(origin);
function handshakeRefusal({ url, headers: { origin, authorization, 'sec-websocket-protocol': offered = '' } }) {
  const offers = offered.split(/[\s,]+/).filter((offer) => offer.startsWith('risp.'));
  if (url.split('?')[0] !== PATH) return [404, 'not_found', 'Nothing is published at this path.'];
  if (key === undefined && !isOwn(origin)) return [403, 'foreign_origin', 'Pages of other sites are not served.'];
  if (key !== undefined && !isKey(authorization)) return [401, 'unauthorized', 'The key is missing or not known.'];
  if (offers.length && !offers.includes(PROTOCOL)) return [426, 'unknown_subprotocol', `This is ${PROTOCOL}.`];
  if (ending) return [503, 'unavailable', 'The server is ending.'];
}
const HEADERS = { 401: 'WWW-Authenticate: Bearer\r\n', 503: 'Retry-After: 5\r\n',
  426: 'Upgrade: websocket\r\nConnection: Upgrade\r\n' };
function refuse(socket, [status, code, detail]) {
  const body = JSON.stringify({ code, detail });
  socket.once('finish', socket.destroy);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${HEADERS[status] ?? ''}Connection: close\r\n`
    + `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
const server = createServer((req) => refuse(req.socket, handshakeRefusal(req) ?? [426, 'no_websocket', 'Upgrade.']));
const wss = new WebSocketServer({ noServer: true, maxPayload: LIMITS.max_frame_bytes, closeTimeout: 900,
  handleProtocols: (offers) => offers.has(PROTOCOL) && PROTOCOL });
server.on('upgrade', (req, socket, head) => {
  socket.on('error', () => {}); // it went away meanwhile
  const refusal = handshakeRefusal(req);
  if (refusal) refuse(socket, refusal);
  else wss.handleUpgrade(req, socket, head, (ws) => { ws.session = new Session(ws); });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`ws://127.0.0.1:${server.address().port}${PATH}`));
process.once('SIGTERM', () => {
  ending = true;
  for (const ws of wss.clients) ws.session.announceEnd();
  wss.close(() => server.close().closeAllConnections()); // as soon as the last session is gone
});
