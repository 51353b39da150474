// Keeps the status of unfinished jobs in the admin up to date.

const MOST_SOCKETS = 20;

/** @param {HTMLElement} element */
function watch(element) {
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${window.location.host}/ws/jobs/${element.dataset.liveJob}/`);
  socket.addEventListener("message", (event) => {
    const job = JSON.parse(event.data).data;
    const done = job.finished_at ? "" : ` ${job.stage ?? ""} ${Math.round(job.progress * 100)}%`;
    element.textContent = `${job.status ?? "deleted"}${done}`;
    if (job.finished_at) {
      socket.close();
    }
  });
}

for (const element of [
  .../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-live-job][data-finished='0']")),
].slice(0, MOST_SOCKETS)) {
  watch(element);
}
