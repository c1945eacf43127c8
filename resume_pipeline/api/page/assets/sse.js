// Server-sent events out of a fetched body, which EventSource cannot do for POST.

/**
 * The events of a body as `{event, data}`, in order; comments and events without data are left out.
 * Lines may end in any of the three ways, and a chunk may end anywhere, within a character too
 * (HTML standard, section 9.2.6 "Interpreting an event stream").
 */
export async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let event = { name: "", data: [] };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const found = rest.split(/\r\n|\n|\r(?!$)/);
      rest = found.pop();
      for (const line of found) {
        if (line !== "") {
          take(line, event);
          continue;
        }
        if (event.data.length > 0) yield { event: event.name || "message", data: event.data.join("\n") };
        event = { name: "", data: [] };
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function take(line, event) {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "event") event.name = value;
  if (field === "data") event.data.push(value);
}
