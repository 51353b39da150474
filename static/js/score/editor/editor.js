// Editing the score on its page: brings selection, tools, keys, the way to the server and the drawing together.
import { addCommands, changeCommands, instrumentCommands } from "./commands.js";
import { askAboutConflict, askForRevision, askHowToWrite } from "./dialogs.js";
import { Drawing } from "./drawing.js";
import { barNeighbour, gridNeighbour, strokeNeighbour } from "./grid.js";
import { UndoHistory } from "./history.js";
import { actFor } from "./keys.js";
import { Outbox } from "./outbox.js";
import { NotationApi } from "./server.js";
import { choose, chooseToo, chosenHits, goAcross, goTo, keep, selectionIn } from "./selection.js";
import { stateLine } from "./state_line.js";
import { Toolbar } from "./toolbar.js";
import { selectionLabel, selectionWords, sentence } from "./words.js";

/** @typedef {import("./outbox.js").News} News */
/** @typedef {import("./keys.js").Act} Act */
/** @typedef {import("./score_model.js").Place} Place */

/**
 * @typedef {object} ScorePage what the editor needs of the page around it
 * @property {() => number} currentBar the number of the bar that the player is in
 * @property {() => number} time_s
 * @property {(time_s: number) => void} cue puts the player there, unless it plays
 * @property {(revision: number) => Promise<void>} redraw shows this revision: engraving, times, drum key
 * @property {(line: Element) => void} reveal scrolls to it, if it is out of sight
 * @property {(text: string) => void} complain says what went wrong at the head of the page; "": nothing any more
 * @property {() => void} changed the editor was opened or closed
 */

export class Editor {
  /** @type {Outbox | null} */
  #outbox = null;
  /** @type {Drawing | null} */
  #drawing = null;
  /** @type {import("./selection.js").Selection | null} */
  #selection = null;
  /** @type {readonly import("./outbox.js").Change[]} */
  #conflict = [];
  #added = 0;
  #drawnRevision = 0;
  /** Why the last act was not done. */
  #refusal = "";
  /** Why nothing can be saved at the moment. */
  #trouble = "";
  /** What the page was asked to complain of, since the editor was closed. @type {News["type"] | ""} */
  #complaint = "";

  /**
   * @param {object} parts
   * @param {string} parts.url of the notation in the API
   * @param {HTMLElement} parts.root the editor's toolbar
   * @param {HTMLElement} parts.place where the score is drawn
   * @param {HTMLElement} parts.button opens and closes
   * @param {ScorePage} parts.page
   */
  constructor({ url, root, place, button, page }) {
    this.place = place;
    this.root = root;
    this.button = button;
    this.page = page;
    this.isOpen = false;
    this.storageKey = `drumsite.undo:${url}`;
    const token = /** @type {HTMLInputElement} */ (document.querySelector("[name=csrfmiddlewaretoken]"));
    this.api = new NotationApi(url, token.value);
    this.toolbar = new Toolbar(root);
    this.announcer = /** @type {HTMLElement} */ (document.querySelector("[data-editor-announce]"));
    button.hidden = false;
    button.addEventListener("click", () => void (this.isOpen ? this.close() : this.open()));
    place.addEventListener("click", (event) => this.#click(event));
    this.toolbar.addEventListener("act", (event) => this.#do(/** @type {CustomEvent<Act>} */ (event).detail));
    this.toolbar.addEventListener("revisions", () => void this.#chooseRevision());
    this.toolbar.addEventListener("requantise", () => void this.#writeAnew());
    this.toolbar.addEventListener("retry", () => void this.#outbox?.retry());
    this.toolbar.addEventListener("again", () => void this.#outbox?.sendOffered());
    this.toolbar.addEventListener("drop", () => this.#outbox?.dropOffered());
    this.toolbar.addEventListener("conflict", () => void this.#settleConflict());
    // With a mouse or a finger the keys go on belonging to the score; a keyboard's focus stays where it is.
    root.addEventListener("click", (event) => {
      const control = event.target instanceof Element ? event.target.closest("button") : null;
      if (event.detail > 0 && control && this.isOpen) this.place.focus({ preventScroll: true });
    });
    for (const select of [this.toolbar.grid, this.toolbar.like]) {
      select.addEventListener("change", () => this.place.focus({ preventScroll: true }));
    }
    window.addEventListener("online", () => void this.#outbox?.retry());
    window.addEventListener("beforeunload", (event) => {
      if (this.#outbox?.unsaved.length) event.preventDefault();
    });
  }

  async open() {
    if (this.isOpen) return;
    try {
      if (!this.#outbox) await this.#load();
    } catch (error) {
      console.error(error);
      this.page.complain("The score could not be loaded for editing. Try again in a moment.");
      return;
    }
    this.isOpen = true;
    this.#takeBackComplaint();
    this.#show(true);
    this.#selection = selectionIn(this.#model, this.page.currentBar());
    this.adopt();
    this.root.scrollIntoView({ block: "start" });
    this.place.focus({ preventScroll: true });
    this.#say(`Editing. ${this.#words}`);
  }

  /** Leave; what is not saved keeps the editor open, so that it is not forgotten. */
  close() {
    if (!this.isOpen) return;
    if (this.#outbox && this.#outbox.state !== "sending" && this.#outbox.unsaved.length) {
      this.#say("Some changes are not saved yet.");
      return;
    }
    this.isOpen = false;
    this.#selection = null;
    this.#drawing?.show(null, this.#model, new Set());
    this.#show(false);
    this.button.focus({ preventScroll: true });
    this.#say("Editing ended.");
  }

  /** The drawing has been replaced: find the notes in it. */
  adopt() {
    if (!this.isOpen || !this.#outbox) return;
    this.#drawing = new Drawing(this.place, this.#outbox.saved);
    this.#refresh();
  }

  /**
   * A key was pressed.
   *
   * @param {KeyboardEvent} event
   * @param {"text" | "slider" | "button" | "dialog" | ""} holder
   */
  press(event, holder) {
    if (!this.isOpen) return;
    const act = actFor(event, this.#isAtHome(event.target) || holder === "dialog" || holder === "text" ? holder : "elsewhere");
    if (!act) return;
    event.preventDefault();
    this.#do(act);
  }

  /** @param {EventTarget | null} target */
  #isAtHome(target) {
    if (!(target instanceof Element)) return true;
    return target === document.body || this.place.contains(target) || this.root.contains(target);
  }

  async #load() {
    const { revision, score } = await this.api.load();
    const history = UndoHistory.fromJson(stored(this.storageKey), revision);
    this.#outbox = new Outbox({ server: this.api, score, revision, history, tell: (news) => this.#hear(news) });
    await this.#redraw(revision);
  }

  /** @param {number} revision */
  async #redraw(revision) {
    if (revision === this.#drawnRevision) return;
    this.#drawnRevision = revision;
    try {
      await this.page.redraw(revision);
    } catch (error) {
      console.error(error);
      if (revision !== this.#drawnRevision) return; // a later one is on its way
      this.#drawnRevision = 0;
      this.#refusal = "The saved score could not be shown; load the page again.";
      this.#fail("refused", this.#refusal);
      this.#refresh();
    }
  }

  get #model() {
    if (!this.#outbox) throw new Error("the editor has not been opened");
    return this.#outbox.score;
  }

  get #words() {
    return this.#selection ? selectionWords(this.#model, this.#selection) : "";
  }

  /** @param {boolean} open */
  #show(open) {
    this.root.hidden = !open;
    this.button.setAttribute("aria-pressed", String(open));
    this.place.classList.toggle("is-edited", open);
    const attributes = { tabindex: "0", role: "application", "aria-label": "Score editor; press ? for its keys" };
    for (const [name, value] of Object.entries(attributes)) {
      if (open) this.place.setAttribute(name, value);
      else this.place.removeAttribute(name);
    }
    this.page.changed();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (!this.isOpen || !this.#drawing) return;
    const found = this.#drawing.under(event, this.toolbar.step);
    this.place.focus({ preventScroll: true });
    if (!found || !this.#selection) return;
    const hit = "id" in found ? this.#model.hit(found.id) : null;
    if (hit) this.#select(event.shiftKey ? chooseToo(this.#selection, hit) : choose(hit));
    else if ("place" in found) this.#select(goTo(this.#model, { ...this.#selection, lane: "" }, found.place));
  }

  /** @param {Act} act */
  #do(act) {
    if (!this.#outbox || !this.#selection) return;
    switch (act.type) {
      case "stroke":
        return this.#go(strokeNeighbour(this.#model, this.#selection.place, act.direction), act.extend);
      case "grid":
        return this.#go(gridNeighbour(this.#model, this.#selection.place, this.toolbar.step, act.direction));
      case "bar":
        return this.#go(barNeighbour(this.#model, this.#selection.place, act.direction));
      case "start":
      case "end": {
        const { bar } = this.#selection.place;
        const strokes = this.#model.strokesIn(bar);
        const edge = act.type === "end" ? strokes[strokes.length - 1] : strokes[0];
        return this.#go(edge ?? { bar, position: { n: 0, d: 1 } });
      }
      case "across": {
        const next = goAcross(this.#model, this.#selection, act.direction);
        return next ? this.#select(next) : undefined;
      }
      case "instrument":
        return this.#instrument(act.name, act.add || this.toolbar.adds);
      case "chord":
        return this.toolbar.switchChord();
      case "undo":
      case "redo":
        return void this.#outbox.push({ kind: act.type });
      case "leave":
        return this.close();
      case "help":
        return dialogNamed("editor-keys").showModal();
      default:
        return this.#send(changeCommands(this.#model, this.#selection, act, this.toolbar.step, this.#like));
    }
  }

  get #like() {
    return /** @type {import("./commands.js").Like} */ (this.toolbar.like.value);
  }

  /**
   * @param {string} name
   * @param {boolean} add to what is struck there, instead of changing what is chosen
   */
  #instrument(name, add) {
    const selection = /** @type {import("./selection.js").Selection} */ (this.#selection);
    if (selection.ids.length && !add) {
      this.#send(instrumentCommands(this.#model, selection, name, this.#like));
      return;
    }
    const there = this.#model.hitsAt(selection.place).find((hit) => hit.instrument === name && hit.graceOf === null);
    if (there) {
      this.#select(choose(there));
      return;
    }
    this.#added += 1;
    const id = `new-${this.#added}`;
    this.#send(addCommands(selection, name, id, this.#like));
    this.#selection = { place: selection.place, ids: [id], lane: name };
    this.#refresh();
  }

  /** @param {import("./commands.js").Command[]} commands */
  #send(commands) {
    if (!commands.length || !this.#outbox) {
      this.#say("Nothing to change here.");
      return;
    }
    this.#refusal = "";
    void this.#outbox.push({ kind: "commands", commands });
  }

  /**
   * @param {Place | null} place
   * @param {boolean} [extend]
   */
  #go(place, extend) {
    if (place && this.#selection) this.#select(goTo(this.#model, this.#selection, place, extend));
    else this.#say("There is no more.");
  }

  /** @param {import("./selection.js").Selection} selection */
  #select(selection) {
    this.#selection = selection;
    this.#refusal = "";
    this.page.cue(this.#model.timeAt(selection.place));
    this.#refresh();
    this.#say(this.#words);
    if (this.#drawing?.line) this.page.reveal(this.#drawing.line);
  }

  /** Show selection, tools and the state of saving as they are now. */
  #refresh() {
    if (!this.isOpen || !this.#outbox || !this.#selection) return;
    this.#selection = keep(this.#model, this.#selection);
    this.#drawing?.show(this.#selection, this.#model, this.#outbox.touchedIds);
    this.toolbar.show({
      hits: chosenHits(this.#model, this.#selection),
      words: selectionLabel(this.#model, this.#selection),
      canUndo: this.#outbox.canUndo,
      canRedo: this.#outbox.canRedo,
    });
    this.toolbar.showState(
      stateLine({
        state: this.#outbox.state,
        unsaved: this.#outbox.unsaved.length,
        offered: this.#outbox.offered.length,
        refusal: this.#refusal,
        trouble: this.#trouble,
      }),
    );
  }

  /** @param {News} news */
  #hear(news) {
    const outbox = /** @type {Outbox} */ (this.#outbox);
    switch (news.type) {
      case "saved":
        if (this.#selection) this.#selection = keep(outbox.score, this.#selection, news.renamed);
        if (this.#complaint === "stuck") this.#takeBackComplaint();
        store(this.storageKey, outbox.history.toJson(outbox.revision));
        this.#say(news.summary?.length ? news.summary.join("; ") : "Nothing changed.");
        break;
      case "settled":
        // While acts follow one another, the drawing waits for the last of them.
        void this.#redraw(outbox.revision);
        break;
      case "theirs":
        void this.#redraw(outbox.revision);
        this.#say("Their version is shown.");
        break;
      case "refused":
        this.#refusal = news.message ?? "";
        this.#fail("refused", this.isOpen ? this.#refusal : `A change was not saved. ${this.#refusal}`);
        break;
      case "stuck":
        this.#trouble = news.message ?? "";
        this.#fail("stuck", this.isOpen ? this.#trouble : `${this.#trouble} Not everything is saved; press Edit to try again.`);
        break;
      case "conflict":
        this.#conflict = news.changes ?? [];
        if (this.isOpen) void this.#settleConflict();
        else this.#fail("conflict", "Somebody else was faster: not everything is saved. Press Edit to look at it.");
        break;
      default:
        if (news.message) this.#say(news.message);
    }
    this.#refresh();
  }

  async #settleConflict() {
    const outbox = /** @type {Outbox} */ (this.#outbox);
    if (outbox.state !== "conflict") return;
    const theirs = await askAboutConflict(dialogNamed("editor-conflict"), this.#conflict, this.#ours());
    if (theirs) await outbox.takeTheirs();
    this.place.focus({ preventScroll: true });
    this.#refresh();
  }

  /** What is not saved, in sentences. */
  #ours() {
    const outbox = /** @type {Outbox} */ (this.#outbox);
    return outbox.unsaved.flatMap((act) => {
      if (act.kind === "commands") return act.commands.map((command) => sentence(outbox.saved, command));
      return act.kind === "restore" ? [`go back to revision ${act.revision}`] : [act.kind];
    });
  }

  async #chooseRevision() {
    const outbox = /** @type {Outbox} */ (this.#outbox);
    try {
      const revisions = await this.api.revisions();
      const revision = await askForRevision(dialogNamed("editor-revisions"), revisions, outbox.revision);
      if (revision !== null) await outbox.push({ kind: "restore", revision });
    } catch (error) {
      this.#refusal = error instanceof Error ? error.message : String(error);
      this.#refresh();
    }
  }

  async #writeAnew() {
    const changes = await askHowToWrite(dialogNamed("editor-requantise"), this.page.time_s);
    if (changes) await this.#outbox?.push({ kind: "requantise", changes });
  }

  /**
   * What came to nothing is said, and, once the editor is closed, shown by the page.
   *
   * @param {News["type"]} type
   * @param {string} text
   */
  #fail(type, text) {
    this.#say(text);
    if (this.isOpen) return;
    this.#complaint = type;
    this.page.complain(text);
  }

  #takeBackComplaint() {
    if (this.#complaint) this.page.complain("");
    this.#complaint = "";
  }

  /** @param {string} text */
  #say(text) {
    // The same words twice are said once only, unless something differs.
    this.announcer.textContent = this.announcer.textContent === text ? `${text}\u00a0` : text;
  }
}

/** @param {string} name */
function dialogNamed(name) {
  return /** @type {HTMLDialogElement} */ (document.querySelector(`[data-${name}]`));
}

/** @param {string} key */
function stored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 */
function store(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or switched off: undoing then ends with this page.
  }
}
