// The way of edits to the server: one request at a time, the next acts wait and go together. Nothing that was
// done here is lost silently: what could not be sent stays, is shown, and can be sent again.
import { applied, namedIds, sendable } from "./commands.js";
import { UndoHistory } from "./history.js";
import { compare, parse } from "./fraction.js";

/** @typedef {import("./commands.js").Command} Command */
/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */

/**
 * @typedef {{kind: "commands", commands: Command[]} | {kind: "undo"} | {kind: "redo"}
 *   | {kind: "restore", revision: number} | {kind: "requantise", changes: object}} Act
 */
/** @typedef {{revision: number, summary: string[]}} Answer */
/** @typedef {{revision: number, author: string, created_at: string, summary: string[]}} Change */
/**
 * @typedef {object} Server `key` is the same when the same request is sent once more
 * @property {(base: number, commands: Command[], key: string) => Promise<Answer>} send
 * @property {(base: number, revision: number, key: string) => Promise<Answer>} restore
 * @property {(base: number, changes: object, key: string) => Promise<Answer>} requantise
 * @property {() => Promise<{revision: number, score: ScoreModel}>} load
 */
/**
 * @typedef {object} News what the page is told
 * @property {"waiting" | "saved" | "settled" | "theirs" | "refused" | "stuck" | "conflict" | "nothing"} type
 *   "settled": nothing is on its way any more
 * @property {string[]} [summary] of what was saved
 * @property {string} [message] why it was refused, or got stuck
 * @property {Change[]} [changes] what somebody else did
 * @property {Map<string, string>} [renamed] provisional ids and what the server calls these notes
 */

/** As the server says no; `status` 0: it said nothing at all. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {Record<string, any>} [details]
   */
  constructor(status, code, message, details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** Signed out, cut off, too fast: the same request may be answered later. */
const MAY_PASS = [401, 403, 408, 429];
const IN_PROGRESS = "idempotency_in_progress";
/** So many commands go together at most; the rest takes the next way. */
const MOST_AT_ONCE = 50;

export class Outbox {
  /** @type {Act[]} */
  #waiting = [];
  /** @type {Act[]} */
  #underWay = [];
  /** Names the request under way: one whose answer was lost may have been heard all the same. */
  #key = "";
  /** What conflicted with somebody else's changes and waits for the person's word. @type {Act[]} */
  #offered = [];
  /** @type {Map<string, string>} */
  #renamed = new Map();
  /** Saved, but how the score looks now is not known yet. @type {Answer | null} */
  #unseen = null;

  /**
   * @param {object} start
   * @param {Server} start.server
   * @param {ScoreModel} start.score as of `revision`
   * @param {number} start.revision
   * @param {UndoHistory} [start.history]
   * @param {(news: News) => void} start.tell
   */
  constructor({ server, score, revision, history, tell }) {
    this.server = server;
    /** @param {News} news */
    this.tell = (news) => {
      // Whoever listens may fail at showing it; saving goes on.
      try {
        tell(news);
      } catch (error) {
        console.error(error);
      }
    };
    this.saved = score;
    this.revision = revision;
    this.history = history ?? new UndoHistory(revision);
    /** @type {"idle" | "sending" | "stuck" | "conflict"} */
    this.state = "idle";
  }

  /** What the person sees: the saved score and all that is on its way. */
  get score() {
    const commands = [...this.#underWay, ...this.#waiting].flatMap((act) =>
      act.kind === "commands" ? act.commands.map((command) => this.#resolved(command)) : [],
    );
    return applied(this.saved, commands);
  }

  /** Acts that are not saved. */
  get unsaved() {
    return [...(this.#unseen ? [] : this.#underWay), ...this.#waiting, ...this.#offered];
  }

  /** @returns {readonly Act[]} */
  get offered() {
    return this.#offered;
  }

  /** The notes that are about to change. */
  get touchedIds() {
    return new Set(
      [...this.#underWay, ...this.#waiting].flatMap((act) =>
        act.kind === "commands" ? act.commands.flatMap((command) => namedIds(this.#resolved(command))) : [],
      ),
    );
  }

  get canUndo() {
    return this.history.back !== null || [...this.#underWay, ...this.#waiting].some(({ kind }) => kind === "commands");
  }

  get canRedo() {
    return this.history.forward !== null && ![...this.#underWay, ...this.#waiting].some(({ kind }) => kind === "commands");
  }

  /** @param {Act} act */
  async push(act) {
    this.#waiting.push(act);
    this.tell({ type: "waiting" });
    if (this.state === "idle") await this.#run();
  }

  /** Try again what got stuck. */
  async retry() {
    if (this.state !== "stuck") return;
    this.state = "idle";
    await this.#run();
  }

  /** Take over what somebody else has made of the score; what was not sent is offered again. */
  async takeTheirs() {
    if (this.state !== "conflict") return;
    try {
      this.#adopt(await this.server.load());
    } catch (error) {
      this.tell({ type: "conflict", message: reasonOf(error), changes: [] });
      return;
    }
    this.history = new UndoHistory(this.revision);
    // Undoing meant a state that nobody sees any more.
    this.#offered = this.#waiting.filter(({ kind }) => kind !== "undo" && kind !== "redo");
    this.#waiting = [];
    this.state = "idle";
    this.tell({ type: "theirs", renamed: new Map() });
  }

  /** Do again, on top of the others' changes, what was offered. */
  async sendOffered() {
    this.#waiting.push(...this.#offered);
    this.#offered = [];
    this.tell({ type: "waiting" });
    if (this.state === "idle") await this.#run();
  }

  dropOffered() {
    this.#offered = [];
    this.tell({ type: "nothing" });
  }

  async #run() {
    this.state = "sending";
    while (this.#underWay.length || this.#waiting.length) {
      if (!this.#underWay.length) {
        this.#underWay = this.#takeBatch();
        this.#key = newKey();
      }
      try {
        await this.#deliver(this.#underWay);
      } catch (error) {
        if (this.#handle(error)) continue;
        return;
      }
    }
    this.state = "idle";
    this.tell({ type: "settled" });
  }

  /** @param {Act[]} batch acts of one kind */
  async #deliver(batch) {
    const [{ kind }] = batch;
    if (!this.#unseen) {
      const answer = await this.#request(batch);
      if (!answer) {
        this.#underWay = [];
        this.tell({ type: "nothing", message: kind === "undo" ? "There is nothing to undo." : "There is nothing to redo." });
        return;
      }
      this.#unseen = answer;
      if (kind === "undo") this.history.wentBack();
      else if (kind === "redo") this.history.wentForward();
      // What changes nothing makes no revision.
      else if (answer.revision !== this.revision) this.history.did(answer.revision);
    }
    const answer = this.#unseen;
    const loaded = await this.server.load();
    const before = this.saved;
    this.#unseen = null;
    this.#underWay = [];
    this.#adopt(loaded);
    // Somebody else was faster than our look at it: undoing would undo theirs.
    if (loaded.revision !== answer.revision) this.history = new UndoHistory(loaded.revision);
    const renamed = this.#learnIds(batch, before);
    this.tell({ type: "saved", summary: answer.summary, renamed });
  }

  /**
   * @param {Act[]} batch
   * @returns {Promise<Answer | null>} null: there is nothing to do
   */
  #request(batch) {
    const [act] = batch;
    switch (act.kind) {
      case "undo":
        return this.#restore(this.history.back);
      case "redo":
        return this.#restore(this.history.forward);
      case "restore":
        return this.#restore(act.revision);
      case "requantise":
        return this.server.requantise(this.revision, act.changes, this.#key);
      default:
        return this.server.send(
          this.revision,
          commandsOf(batch).map((command) => sendable(command, this.#renamed)),
          this.#key,
        );
    }
  }

  /** @param {number | null} revision */
  #restore(revision) {
    return revision === null ? Promise.resolve(null) : this.server.restore(this.revision, revision, this.#key);
  }

  /** The next acts that can go together: commands, as long as none names a note that comes with them. */
  #takeBatch() {
    const [first] = this.#waiting;
    if (first.kind !== "commands") return this.#waiting.splice(0, 1);
    /** @type {Set<string>} */
    const coming = new Set();
    let commands = 0;
    let count = 0;
    for (const act of this.#waiting) {
      if (act.kind !== "commands" || (count > 0 && commands + act.commands.length > MOST_AT_ONCE)) break;
      if (act.commands.flatMap(namedIds).some((id) => coming.has(id))) break;
      for (const command of act.commands) if (command.op === "add" && command.id) coming.add(command.id);
      commands += act.commands.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /**
   * @param {unknown} error
   * @returns {boolean} whether the rest can go on
   */
  #handle(error) {
    if (!(error instanceof Refusal)) {
      // A fault of this page. What was not sent stays, and can be tried again.
      this.state = "stuck";
      this.tell({ type: "stuck", message: reasonOf(error) });
      return false;
    }
    const batch = this.#underWay;
    if (error.code === "revision_conflict" && !this.#unseen) {
      this.#putBack(batch);
      this.state = "conflict";
      this.tell({ type: "conflict", message: error.message, changes: error.details.changes ?? [] });
      return false;
    }
    const final = error.status >= 400 && error.status < 500 && !MAY_PASS.includes(error.status) && error.code !== IN_PROGRESS;
    if (!final || this.#unseen) {
      this.state = "stuck";
      this.tell({ type: "stuck", message: error.message });
      return false;
    }
    this.#drop(batch, refusedAct(batch, error.details.index));
    this.tell({ type: "refused", message: error.message });
    return true;
  }

  /** @param {Act[]} batch */
  #putBack(batch) {
    this.#underWay = [];
    this.#waiting = [...batch, ...this.#waiting];
  }

  /**
   * @param {Act[]} batch
   * @param {Act | null} refused null: all of it
   */
  #drop(batch, refused) {
    const dropped = refused ? [refused] : batch;
    this.#putBack(refused ? batch.filter((act) => act !== refused) : []);
    const lost = new Set(commandsOf(dropped).flatMap(({ op, id }) => (op === "add" && id ? [id] : [])));
    // What was done to a note that could not be added is no longer about anything.
    this.#waiting = this.#waiting.filter(
      (act) => act.kind !== "commands" || !act.commands.flatMap(namedIds).some((id) => lost.has(id)),
    );
  }

  /** @param {{revision: number, score: ScoreModel}} loaded */
  #adopt({ revision, score }) {
    this.revision = revision;
    this.saved = score;
  }

  /**
   * @param {Act[]} batch
   * @param {ScoreModel} before
   */
  #learnIds(batch, before) {
    /** @type {Map<string, string>} */
    const news = new Map();
    for (const command of commandsOf(batch)) {
      if (command.op !== "add" || !command.id) continue;
      const position = parse(command.position ?? "0");
      const found = this.saved
        .hitsIn(command.bar ?? 0)
        .filter((hit) => hit.instrument === command.instrument && compare(hit.position, position) === 0);
      const hit = found.find(({ id }) => before.hit(id) === null) ?? found[0];
      if (hit) news.set(command.id, hit.id);
    }
    for (const [ours, theirs] of news) this.#renamed.set(ours, theirs);
    return news;
  }

  /** @param {Command} command */
  #resolved(command) {
    return command.op === "add" ? command : sendable(command, this.#renamed);
  }
}

/** A name that no other request has; `randomUUID` would ask for HTTPS. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");
}

/** @param {readonly Act[]} acts */
function commandsOf(acts) {
  return acts.flatMap((act) => (act.kind === "commands" ? act.commands : []));
}

/**
 * @param {Act[]} batch
 * @param {unknown} index of the command that was refused
 */
function refusedAct(batch, index) {
  if (batch.length === 1 || typeof index !== "number") return null;
  let end = 0;
  for (const act of batch) {
    end += act.kind === "commands" ? act.commands.length : 1;
    if (index < end) return act;
  }
  return null;
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof Refusal) return error.message;
  console.error(error);
  return "Something went wrong on this page.";
}
