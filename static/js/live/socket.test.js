import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff } from "./backoff.js";
import { LiveSocket, NOT_FOUND, NOT_SIGNED_IN, socketUrl } from "./socket.js";

/** The other end of the wire, and a clock that only moves when told. */
function world() {
  const sockets = [];
  const waiting = [];
  return {
    sockets,
    waiting,
    connect: (url) => {
      const socket = { url, sent: [], send: (text) => socket.sent.push(JSON.parse(text)), close: () => {} };
      sockets.push(socket);
      return socket;
    },
    later: (task, ms) => waiting.push({ task, ms }),
    forget: () => {},
    random: () => 1,
  };
}

function opened() {
  const outside = world();
  const heard = [];
  const states = [];
  const socket = new LiveSocket(
    "ws://example.test/ws/feed/",
    { onNews: (news) => heard.push(news), onState: (state) => states.push(state) },
    outside,
  );
  socket.open();
  outside.sockets[0].onopen();
  return { ...outside, socket, heard, states };
}

const news = (seq) => ({ data: JSON.stringify({ type: "job.updated", seq, at: "", data: {} }) });

test("news are passed on", () => {
  const { sockets, heard } = opened();

  sockets[0].onmessage(news(5));

  assert.equal(heard[0].seq, 5);
});

test("a first connection asks for nothing, a second one says what it saw last", () => {
  const { sockets, waiting } = opened();
  sockets[0].onmessage(news(7));
  sockets[0].onmessage(news(6));
  assert.deepEqual(sockets[0].sent, []);

  sockets[0].onclose({ code: 1006 });
  waiting[0].task();
  sockets[1].onopen();

  assert.deepEqual(sockets[1].sent, [{ type: "resume", seq: 7 }]);
});

test("pauses grow with each failure and begin anew after a success", () => {
  const { sockets, waiting } = opened();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    sockets[attempt].onclose({ code: 1006 });
    waiting[attempt].task();
  }
  assert.deepEqual(waiting.map((entry) => entry.ms), [500, 1000, 2000]);

  sockets[3].onopen();
  sockets[3].onclose({ code: 1006 });

  assert.equal(waiting[3].ms, 500);
});

test("who is not signed in, or asks for what is not there, does not ask again", () => {
  for (const code of [NOT_SIGNED_IN, NOT_FOUND]) {
    const { sockets, waiting, states } = opened();

    sockets[0].onclose({ code });

    assert.equal(waiting.length, 0);
    assert.equal(states.at(-1), "refused");
  }
});

test("a closed socket stays closed", () => {
  const { sockets, waiting, socket } = opened();

  socket.close();
  sockets[0].onclose({ code: 1000 });
  socket.retryNow();

  assert.equal(waiting.length, 0);
  assert.equal(sockets.length, 1);
});

test("when the network is back, a lost connection is retried at once and a standing one is left alone", () => {
  const { sockets, socket } = opened();
  socket.retryNow();
  assert.equal(sockets.length, 1);

  sockets[0].onclose({ code: 1006 });
  socket.retryNow();

  assert.equal(sockets.length, 2);
});

test("pauses stay between half a step and the whole, and below half a minute", () => {
  assert.equal(backoff(0, 0), 0.25);
  assert.equal(backoff(0, 1), 0.5);
  assert.equal(backoff(40, 1), 30);
});

test("a page that came encrypted speaks encrypted", () => {
  assert.equal(socketUrl("/ws/feed/", { protocol: "https:", host: "a.test" }), "wss://a.test/ws/feed/");
  assert.equal(socketUrl("/ws/feed/", { protocol: "http:", host: "a.test:8000" }), "ws://a.test:8000/ws/feed/");
});
