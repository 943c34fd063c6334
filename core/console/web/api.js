// Calls of the server. Whatever acts is a POST with the session's token, which no other site can read.
const session = { csrf: "" };

export class Refused extends Error {
  constructor(status, body) {
    super((body && body.code) || String(status));
    this.status = status;
    this.texts = body && body.zh ? { zh: body.zh, en: body.en } : null;
    this.detail = (body && body.detail) || "";
  }
}

export const setToken = (csrf) => { session.csrf = csrf || ""; };

async function refusal(answer) {
  let body = null;
  try { body = await answer.json(); } catch { /* a proxy's page: its status says enough */ }
  return new Refused(answer.status, body);
}

async function call(method, path, body, signal) {
  const headers = { Accept: "application/json" };
  if (method === "POST") {
    headers["Content-Type"] = "application/json";
    headers["X-CSRF-Token"] = session.csrf;
  }
  const answer = await fetch(path.startsWith("/") ? path.slice(1) : "api/" + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, cache: "no-store", credentials: "same-origin" });
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

export const get = async (path, signal) => (await call("GET", path, undefined, signal)).json();
export const post = async (path, body) => {
  const answer = await call("POST", path, body || {});
  return answer.status === 204 ? {} : answer.json();
};

// stream posts, and hands over each server-sent event of the answer as it comes. It returns when the answer ends.
export async function stream(path, body, on, signal) {
  const answer = await call("POST", path, body || {}, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name) => lines.filter((l) => l.startsWith(name + ": ")).map((l) => l.slice(name.length + 2)).join("\n");
      if (field("data")) on(field("event") || "message", JSON.parse(field("data")));
    }
  }
}
