// Stands in for the notebook where a view runs in a plain page: keeps the state that Python wrote into the page, and asks nobody.
function pageModel(state) {
  const listeners = {};
  return {
    get: (name) => state[name],
    set(name, value) { state[name] = value; (listeners[`change:${name}`] ?? []).forEach((listener) => listener()); },
    on(event, listener) { (listeners[event] ??= []).push(listener); },
    off(event, listener) { listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener); },
  };
}
