// Closed shapes: what a document may hold, member by member, and nothing else (the structs of keys/).
//
// A shape is a function of a value and its place; it throws a Fault where the value is not of it.
"use strict";

{
  const H = globalThis.Handseal;
  const { fail, isTime } = H;

  /** Code points, which are what lengths count; a text's own length counts the larger ones twice. */
  const lengthOf = (text) => (text.length > 200 ? [...text].length : text.length);

  function string(value, place) {
    if (typeof value !== "string") fail(place, "is not a text");
  }

  const text = (most, pattern) => (value, place) => {
    string(value, place);
    if (value === "" || lengthOf(value) > most) fail(place, `has not 1 to ${most} characters`);
    if (pattern && !pattern.test(value)) fail(place, "is not of its form");
  };

  const like = (pattern) => (value, place) => {
    string(value, place);
    if (!pattern.test(value)) fail(place, "is not of its form");
  };

  const one = (...allowed) => (value, place) => {
    if (!allowed.includes(value)) fail(place, "is none of the values it may have");
  };

  const integer = (least, most) => (value, place) => {
    if (!Number.isSafeInteger(value) || value < least || value > most) fail(place, "is not a number it may be");
  };

  function boolean(value, place) {
    if (typeof value !== "boolean") fail(place, "is neither true nor false");
  }

  function time(value, place) {
    if (typeof value !== "string" || !isTime(value)) fail(place, "is not a time in UTC and whole seconds");
  }

  function day(value, place) {
    if (typeof value !== "string" || !isTime(`${value}T00:00:00Z`)) fail(place, "is not a date");
  }

  const list = (shape, least = 0, most = Infinity) => (value, place) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) fail(place, "is not a list of its length");
    value.forEach((member, number) => shape(member, `${place}[${number}]`));
  };

  /** A list of exactly these, in this order. */
  const exactly = (...shapes) => (value, place) => {
    if (!Array.isArray(value) || value.length !== shapes.length) fail(place, `is not a list of ${shapes.length}`);
    shapes.forEach((shape, number) => shape(value[number], `${place}[${number}]`));
  };

  function object(value, place) {
    if (value === null || typeof value !== "object" || Array.isArray(value)) fail(place, "is not an object");
  }

  /** An object with these members and no others; a name that ends with `?` may be absent. */
  const record = (members) => {
    const shapes = new Map(Object.entries(members).map(([name, shape]) => [name.replace("?", ""), shape]));
    const required = Object.keys(members).filter((name) => !name.endsWith("?"));
    return (value, place) => {
      object(value, place);
      for (const name of required) if (!Object.hasOwn(value, name)) fail(place, `${name} is missing`);
      for (const [name, member] of Object.entries(value)) {
        if (!shapes.has(name)) fail(place, "has a member that does not belong there");
        shapes.get(name)(member, `${place}.${name}`);
      }
    };
  };

  /** An object from any names to one shape. */
  const map = (shape, least = 0, most = Infinity) => (value, place) => {
    object(value, place);
    const entries = Object.entries(value);
    if (entries.length < least || entries.length > most) fail(place, "has not as many members as it may");
    for (const [name, member] of entries) shape(member, `${place}.${name}`);
  };

  /** One of several shapes, chosen by the value of a member. */
  const tagged = (tag, shapes) => (value, place) => {
    object(value, place);
    if (!Object.hasOwn(shapes, value[tag])) fail(place, `${tag} is none of the values it may have`);
    shapes[value[tag]](value, place);
  };

  const sri = like(/^sha256-[A-Za-z0-9+/]{43}=$/);
  const name = text(300);
  const paragraph = text(4000);

  H.shapes = {
    boolean, day, exactly, integer, like, list, map, name, one, paragraph, record, sri, string, tagged, text, time,
  };
}
