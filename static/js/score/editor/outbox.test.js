import assert from "node:assert/strict";
import { test } from "node:test";

import { applied } from "./commands.js";
import { parse } from "./fraction.js";
import { UndoHistory } from "./history.js";
import { Outbox, Refusal } from "./outbox.js";
import { ScoreModel } from "./score_model.js";
import { hit, scoreJson } from "./scores_for_tests.js";

/** A server that keeps every revision and calls new notes by names of its own. */
class Server {
  revisions = [ScoreModel.fromJson(scoreJson(2, [hit("h1", "ride", 1, "0"), hit("h2", "snare", 1, "1")]))];
  /** @type {object[][]} */
  received = [];
  /** @type {Map<string, {revision: number, summary: string[]}>} answers by the request's key */
  answers = new Map();
  isDeaf = false;
  /** @type {(() => void) | null} what happens instead of the next answer */
  instead = null;
  #names = 0;

  get number() {
    return this.revisions.length;
  }

  /** @param {number} base @param {any[]} commands @param {string} key */
  send(base, commands, key) {
    const change = (/** @type {ScoreModel} */ score) =>
      applied(score, commands.map((command, index) => this.#checked(score, command, index)));
    return this.#once(key, commands, () => this.#answer(base, change, ["sent"]));
  }

  /** @param {number} base @param {number} revision @param {string} key */
  restore(base, revision, key) {
    const change = () => this.revisions[revision - 1];
    return this.#once(key, [{ restore: revision }], () => this.#answer(base, change, [`back to revision ${revision}`]));
  }

  /** @param {number} base @param {{grid: string}} changes @param {string} key */
  requantise(base, changes, key) {
    return this.#once(key, [changes], () => this.#answer(base, () => this.revisions[0], ["written anew"]));
  }

  load() {
    return Promise.resolve({ revision: this.number, score: this.revisions[this.number - 1] });
  }

  /** @param {(score: ScoreModel) => ScoreModel} change */
  byOthers(change) {
    this.revisions.push(change(this.revisions[this.number - 1]));
  }

  /**
   * What was heard once under a key is not done again, whatever kind of request it is.
   *
   * @param {string} key @param {object[]} request @param {() => Promise<{revision: number, summary: string[]}>} act
   */
  async #once(key, request, act) {
    const known = this.answers.get(key);
    if (known) return known;
    this.received.push(request);
    const answer = await act();
    this.answers.set(key, answer);
    if (this.isDeaf) throw new Refusal(0, "offline", "the answer was lost");
    return answer;
  }

  /** @param {ScoreModel} score @param {any} command @param {number} index */
  #checked(score, command, index) {
    for (const id of command.ids ?? []) {
      if (!score.hit(id)) throw new Refusal(400, "bad_command", `there is no hit ${id}`, { index });
    }
    return command.op === "add" ? { ...command, id: `e${(this.#names += 1)}` } : command;
  }

  /** @param {number} base @param {(score: ScoreModel) => ScoreModel} change @param {string[]} summary */
  async #answer(base, change, summary) {
    await Promise.resolve();
    const instead = this.instead;
    this.instead = null;
    instead?.();
    if (base !== this.number) {
      throw new Refusal(409, "revision_conflict", "changed meanwhile", { changes: [{ revision: this.number, author: "Kim", summary: ["bar 1: other"] }] });
    }
    this.revisions.push(change(this.revisions[this.number - 1]));
    return { revision: this.number, summary };
  }
}

function opened() {
  const server = new Server();
  /** @type {import("./outbox.js").News[]} */
  const news = [];
  const outbox = new Outbox({
    server: /** @type {any} */ (server),
    score: server.revisions[0],
    revision: 1,
    tell: (item) => news.push(item),
  });
  return { server, news, outbox, told: () => news.map(({ type }) => type).filter((type) => type !== "waiting" && type !== "settled") };
}

const crash = (/** @type {string} */ id) => ({ kind: /** @type {const} */ ("commands"), commands: [{ op: "set_instrument", ids: [id], instrument: "crash" }] });
const remove = (/** @type {string} */ id) => ({ kind: /** @type {const} */ ("commands"), commands: [{ op: "remove", ids: [id] }] });
const add = (/** @type {string} */ id, bar = 2) => ({ kind: /** @type {const} */ ("commands"), commands: [{ op: "add", id, bar, position: "1/3", instrument: "kick" }] });
const UNDO = { kind: /** @type {const} */ ("undo") };
const REDO = { kind: /** @type {const} */ ("redo") };

test("acts that come while one is on its way go together with the next", async () => {
  const { server, outbox } = opened();

  await Promise.all([outbox.push(crash("h1")), outbox.push(crash("h2")), outbox.push(remove("h1"))]);

  assert.deepEqual(server.received.map((commands) => commands.length), [1, 2]);
  assert.equal(outbox.revision, 3);
  assert.deepEqual(outbox.unsaved, []);
});

test("what is on its way is seen at once", async () => {
  const { outbox } = opened();

  const done = outbox.push(crash("h1"));

  assert.equal(outbox.score.hit("h1")?.instrument, "crash");
  assert.equal(outbox.saved.hit("h1")?.instrument, "ride");
  assert.deepEqual([...outbox.touchedIds], ["h1"]);
  await done;
  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
});

test("a note that was just added can be marked before the server has named it", async () => {
  const { server, outbox, news } = opened();

  await Promise.all([
    outbox.push(crash("h1")),
    outbox.push(add("new-1")),
    outbox.push({ kind: "commands", commands: [{ op: "mark", ids: ["new-1"], mark: "ghost" }] }),
  ]);

  assert.equal(server.received.length, 3);
  assert.deepEqual(server.received[2], [{ op: "mark", ids: ["e1"], mark: "ghost" }]);
  assert.deepEqual(outbox.saved.hit("e1")?.marks, ["ghost"]);
  assert.deepEqual(news.find(({ renamed }) => renamed?.size)?.renamed, new Map([["new-1", "e1"]]));
});

test("undo and redo go back and forth over several steps, each as a revision of its own", async () => {
  const { outbox, server } = opened();
  const instrument = () => outbox.saved.hit("h1")?.instrument ?? "gone";
  await outbox.push(crash("h1"));
  await outbox.push(remove("h1"));

  const seen = [];
  for (const act of [UNDO, UNDO, REDO, UNDO, REDO, REDO]) {
    await outbox.push(act);
    seen.push(instrument());
  }

  assert.deepEqual(seen, ["crash", "ride", "crash", "ride", "crash", "gone"]);
  assert.equal(server.number, 9);
  assert.equal(outbox.canRedo, false);
  assert.equal(outbox.canUndo, true);
});

test("after an undo something else is done, and what was undone is no longer there to redo", async () => {
  const { outbox, told } = opened();
  await outbox.push(remove("h1"));
  await outbox.push(UNDO);
  await outbox.push(crash("h2"));

  await outbox.push(REDO);

  assert.equal(outbox.canRedo, false);
  assert.equal(told().at(-1), "nothing");
  assert.equal(outbox.saved.hit("h1")?.instrument, "ride");
  assert.equal(outbox.saved.hit("h2")?.instrument, "crash");
});

test("an undo that is asked for while acts are on their way undoes them", async () => {
  const { outbox } = opened();

  await Promise.all([outbox.push(crash("h1")), outbox.push(UNDO)]);

  assert.equal(outbox.saved.hit("h1")?.instrument, "ride");
});

test("undoing survives a reload, unless the score has moved on", () => {
  const history = new UndoHistory(4);
  history.did(5);

  assert.equal(UndoHistory.fromJson(history.toJson(5), 5).back, 4);
  assert.equal(UndoHistory.fromJson(history.toJson(5), 6).back, null);
  assert.equal(UndoHistory.fromJson("nonsense", 6).back, null);
});

test("a refused act is dropped with what depends on it; the others are saved", async () => {
  const { server, outbox, news, told } = opened();

  await Promise.all([
    outbox.push(crash("h1")),
    outbox.push(remove("h9")),
    outbox.push(crash("h2")),
  ]);

  assert.deepEqual(told(), ["saved", "refused", "saved"]);
  assert.match(news.find(({ type }) => type === "refused")?.message ?? "", /no hit h9/);
  assert.equal(outbox.saved.hit("h2")?.instrument, "crash");
  assert.deepEqual(outbox.unsaved, []);
  assert.equal(server.number, 3);
});

test("without a connection everything waits, and goes when it is back", async () => {
  const { server, outbox, told } = opened();
  server.instead = () => {
    throw new Refusal(0, "offline", "no connection");
  };

  await outbox.push(crash("h1"));
  await outbox.push(crash("h2"));
  assert.equal(outbox.state, "stuck");
  assert.equal(outbox.unsaved.length, 2);
  await outbox.retry();

  assert.deepEqual(told(), ["stuck", "saved", "saved"]);
  assert.equal(outbox.saved.hit("h2")?.instrument, "crash");
  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
});

test("a fault of the page itself is told, and what waits can be tried again", async (t) => {
  t.mock.method(console, "error", () => {});
  const { server, outbox, news } = opened();
  server.instead = () => {
    throw new TypeError("undefined is not a function");
  };

  await outbox.push(crash("h1"));
  assert.equal(outbox.state, "stuck");
  assert.match(news.at(-1)?.message ?? "", /went wrong/);
  assert.equal(outbox.unsaved.length, 1);
  await outbox.retry();

  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
  assert.equal(outbox.state, "idle");
});

test("whoever cannot show what was saved does not stop the saving", async (t) => {
  const complaints = t.mock.method(console, "error", () => {});
  const server = new Server();
  const outbox = new Outbox({
    server: /** @type {any} */ (server),
    score: server.revisions[0],
    revision: 1,
    tell: ({ type }) => {
      if (type === "saved") throw new Error("the drawing is gone");
    },
  });

  await Promise.all([outbox.push(crash("h1")), outbox.push(crash("h2"))]);

  assert.equal(outbox.saved.hit("h2")?.instrument, "crash");
  assert.equal(outbox.state, "idle");
  assert.equal(complaints.mock.callCount(), 2);
});

test("an act whose answer was lost on the way is not done twice", async () => {
  const { server, outbox } = opened();
  server.isDeaf = true;

  await outbox.push(add("new-1"));
  await outbox.push(crash("h1"));
  server.isDeaf = false;
  await outbox.retry();

  assert.deepEqual(server.received.map((commands) => commands.length), [1, 1]);
  assert.equal(outbox.saved.hitsIn(2).length, 1);
  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
  assert.equal(outbox.state, "idle");
});

test("an undo whose answer was lost on the way goes back one step, not two", async () => {
  const { server, outbox } = opened();
  await outbox.push(crash("h1"));
  await outbox.push(crash("h2"));
  server.isDeaf = true;

  await outbox.push(UNDO);
  assert.equal(outbox.state, "stuck");
  server.isDeaf = false;
  await outbox.retry();

  assert.equal(server.number, 4);
  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
  assert.equal(outbox.saved.hit("h2")?.instrument, "snare");
  assert.equal(outbox.state, "idle");
});

test("a score that was written anew unheard is not written anew again", async () => {
  const { server, outbox } = opened();
  await outbox.push(crash("h1"));
  server.isDeaf = true;

  await outbox.push({ kind: "requantise", changes: { grid: "16" } });
  server.isDeaf = false;
  await outbox.retry();

  assert.deepEqual(server.received.at(-1), [{ grid: "16" }]);
  assert.equal(server.number, 3);
  assert.equal(outbox.saved.hit("h1")?.instrument, "ride");
  await outbox.push(UNDO);
  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
});

test("an act that was saved is not sent again when only the look at it failed", async () => {
  const { server, outbox } = opened();
  const load = server.load.bind(server);
  server.load = () => Promise.reject(new Refusal(502, "bad_gateway", "no answer"));

  await outbox.push(add("new-1"));
  assert.equal(outbox.state, "stuck");
  assert.equal(outbox.score.hitsIn(2).length, 1);
  server.load = load;
  await outbox.retry();

  assert.equal(server.received.length, 1);
  assert.equal(outbox.saved.hitsIn(2).length, 1);
  assert.equal(outbox.revision, 2);
});

test("when somebody else was faster nothing is lost: theirs is taken over and ours offered again", async () => {
  const { server, outbox, news, told } = opened();
  server.byOthers((score) => applied(score, [{ op: "set_velocity", ids: ["h2"], velocity: 30 }]));

  await outbox.push(crash("h1"));
  assert.equal(outbox.state, "conflict");
  assert.equal(news.at(-1)?.changes?.[0].author, "Kim");
  assert.equal(outbox.unsaved.length, 1);
  await outbox.takeTheirs();
  assert.equal(outbox.saved.hit("h2")?.velocity, 30);
  assert.equal(outbox.score.hit("h1")?.instrument, "ride");
  assert.equal(outbox.unsaved.length, 1);
  assert.equal(outbox.canUndo, false);
  await outbox.sendOffered();

  assert.deepEqual(told(), ["conflict", "theirs", "saved"]);
  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
  assert.equal(outbox.saved.hit("h2")?.velocity, 30);
  assert.deepEqual(outbox.unsaved, []);
});

test("what is offered again can be dropped, and an undo is not offered", async () => {
  const { server, outbox } = opened();
  await outbox.push(crash("h1"));
  server.byOthers((score) => applied(score, [{ op: "remove", ids: ["h2"] }]));

  await outbox.push(UNDO);
  await outbox.push(crash("h2"));
  await outbox.takeTheirs();
  assert.deepEqual(outbox.offered.map(({ kind }) => kind), ["commands"]);
  outbox.dropOffered();

  assert.deepEqual(outbox.unsaved, []);
  assert.equal(outbox.saved.hit("h1")?.instrument, "crash");
});

test("an act that changes nothing leaves no step to undo", async () => {
  const { outbox, server } = opened();
  server.send = () => Promise.resolve({ revision: 1, summary: [] });

  await outbox.push(crash("h1"));

  assert.equal(outbox.canUndo, false);
  assert.equal(outbox.state, "idle");
});

test("a note is found again where it was added, not one that stood there before", async () => {
  const { outbox } = opened();
  await outbox.push(add("new-1"));
  await outbox.push(add("new-2", 1));

  assert.equal(outbox.saved.hit("e2")?.bar, 1);
  assert.equal(outbox.saved.hitsAt({ bar: 2, position: parse("1/3") })[0].id, "e1");
});
