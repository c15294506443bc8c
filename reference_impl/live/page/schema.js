// What a model publishes, an OpenAPI 3.1 document, read as a list of commands.

const EVENTS = "/events/";
const COMPONENTS = "#/components/schemas/";
const UPLOADS = new Set(["reactor-upload-reference", "file-reference"]);
const DEEPEST = 32;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The commands of a document: `{name, description, parameters}`; what cannot be read is left out. */
export function commandsOf(document) {
  const components = document?.components?.schemas ?? {};
  return Object.entries(document?.paths ?? {})
    .filter(([path, item]) => path.startsWith(EVENTS) && isObject(item?.post))
    .map(([path, { post }]) => {
      const schema = resolved(post.requestBody?.content?.["application/json"]?.schema, components);
      const required = Array.isArray(schema.required) ? schema.required : [];
      const parameters = Object.entries(schema.properties ?? {}).map(([name, one]) =>
        parameterOf(name, one, required.includes(name), components),
      );
      return { name: path.slice(EVENTS.length), description: textOf(post.summary), parameters };
    });
}

function parameterOf(name, schema, required, components) {
  const { found, nullable } = plain(schema, components);
  const numeric = found.type === "integer" || found.type === "number";
  return {
    name,
    required,
    nullable,
    kind: kindOf(found),
    choices: "const" in found ? [found.const] : found.enum,
    least: numeric ? found.minimum : undefined,
    most: numeric ? found.maximum : undefined,
    longest: found.type === "string" ? found.maxLength : undefined,
    default: isObject(schema) && "default" in schema ? schema.default : found.default,
    description: textOf(isObject(schema) ? schema.description : ""),
  };
}

/** How an argument is asked for. */
function kindOf({ format, type, ...found }) {
  if (UPLOADS.has(format)) return "upload";
  if (Array.isArray(found.enum) || "const" in found) return "choice";
  if (["boolean", "integer", "number", "string"].includes(type)) return type;
  return "json";
}

/** The one schema besides null, and whether null is allowed too. */
function plain(schema, components, depth = 0) {
  const found = resolved(schema, components);
  const several = found.anyOf ?? found.oneOf;
  if (Array.isArray(several) && depth < DEEPEST) {
    const { anyOf, oneOf, ...beside } = found;
    const others = several.filter((one) => one?.type !== "null");
    const nullable = others.length < several.length;
    if (others.length !== 1) return { found: { ...beside, type: undefined }, nullable };
    const inner = plain(others[0], components, depth + 1);
    return { found: { ...inner.found, ...beside }, nullable: nullable || inner.nullable };
  }
  if (!Array.isArray(found.type)) return { found, nullable: found.nullable === true };
  const types = found.type.filter((one) => one !== "null");
  const type = types.length === 1 ? types[0] : undefined;
  return { found: { ...found, type }, nullable: types.length < found.type.length };
}

function resolved(schema, components) {
  let found = isObject(schema) ? schema : {};
  for (let depth = 0; depth < DEEPEST && typeof found.$ref === "string"; depth += 1) {
    const { $ref, ...beside } = found;
    const target = $ref.startsWith(COMPONENTS) ? components[$ref.slice(COMPONENTS.length)] : null;
    found = { ...(isObject(target) ? target : {}), ...beside };
  }
  return found;
}

function textOf(value) {
  return typeof value === "string" ? value : "";
}
