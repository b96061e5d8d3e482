import { XMLParser } from 'fast-xml-parser';

/** An element by the URI of its namespace and its local name: prefixes are the sender's own business. */
export interface XmlElement {
  /** The namespace's URI; null where there is none, or where the prefix was never declared. */
  readonly namespace: string | null;
  readonly name: string;
  /** By the names as written; declarations of namespaces are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The element's own text, without that of its children. */
  readonly text: string;
}

type XmlReading = { ok: true; root: XmlElement } | { ok: false; reason: string };

/** The longest document that is read, in UTF-16 units: a location of 1,000 corners has about 40,000. */
export const maxXmlLength = 65_536;
const maxDepth = 32;
const broken = 'the document is not well-formed XML';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: false,
  trimValues: false,
  parseTagValue: false,
  cdataPropName: '#cdata',
  maxNestedTags: maxDepth + 1,
});

/**
 * Reads one XML document with namespaces. Never throws; refuses, with a plain reason, what is too long or too deep, what
 * declares a document type or entities (no external file is read and nothing is expanded but the five entities of XML and
 * numbered characters), and what is not well-formed. Time and memory are linear in the length.
 */
export function readXml(text: string): XmlReading {
  if (text.length > maxXmlLength) {
    return refusal(`the document is too long: ${text.length} characters, at most ${maxXmlLength}`);
  }
  // Trimming also takes off a byte order mark.
  const document = text.trim();
  if (document === '') return refusal('the document is empty');
  if (/<!(?:DOCTYPE|ENTITY)/i.test(document)) return refusal('the document declares a document type or entities');
  const fault = tagsFault(document);
  if (fault !== null) return refusal(fault);
  try {
    const nodes: unknown = parser.parse(document);
    const roots = childrenOf(nodes, null);
    const root = roots.elements[0];
    if (root === undefined || roots.elements.length > 1)
      return refusal('the document has not exactly one root element');
    return { ok: true, root };
  } catch {
    // Also for names that JavaScript reserves. The library's own words repeat the document, at any length.
    return refusal(broken);
  }
}

/** Text as it may stand in an element or a quoted attribute; what XML 1.0 does not allow is left out. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function refusal(reason: string): XmlReading {
  return { ok: false, reason };
}

/** Walks over the tags once, before anything is built from them: whether each is closed, in order, and how deep they go. */
function tagsFault(document: string): string | null {
  const open: string[] = [];
  const tag = /<(\/?)([\p{L}_][\p{L}\p{N}_.:-]*)(?=[\s/>])/uy;
  let at = document.indexOf('<');
  while (at !== -1) {
    const special = specials.find(({ start }) => document.startsWith(start, at));
    const end =
      special === undefined ? endOfTag(document, at) : document.indexOf(special.end, at + special.start.length);
    if (end === -1) return broken;
    if (special === undefined) {
      tag.lastIndex = at;
      const [, closing, name] = tag.exec(document) ?? [];
      if (name === undefined) return broken;
      if (closing === '/') {
        if (open.pop() !== name) return broken;
      } else if (document[end - 1] !== '/') open.push(name);
      if (open.length > maxDepth) return `the document is nested too deeply: at most ${maxDepth} elements`;
    }
    at = document.indexOf('<', end);
  }
  return open.length === 0 ? null : broken;
}

const specials = [
  { start: '<!--', end: '-->' },
  { start: '<![CDATA[', end: ']]>' },
  { start: '<?', end: '?>' },
];

/** Where the tag's `>` is; one in a quoted attribute does not count. */
function endOfTag(document: string, start: number): number {
  let quote = '';
  for (let at = start + 1; at < document.length; at += 1) {
    const character = document.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at;
  }
  return -1;
}

/** The declarations of namespaces of one element, and those around it. */
interface Scope {
  readonly declared: ReadonlyMap<string, string>;
  readonly outer: Scope | null;
}

function childrenOf(nodes: unknown, scope: Scope | null): { elements: XmlElement[]; text: string } {
  const elements: XmlElement[] = [];
  let text = '';
  for (const node of Array.isArray(nodes) ? nodes : []) {
    for (const [name, content] of entriesOf(node)) {
      if (name === '#text') text += typeof content === 'string' ? decoded(content) : '';
      else if (name === '#cdata') text += textOf(content);
      else if (name !== ':@' && !name.startsWith('?')) elements.push(element(name, content, attributesOf(node), scope));
    }
  }
  return { elements, text };
}

function element(
  name: string,
  content: unknown,
  written: ReadonlyMap<string, string>,
  outer: Scope | null,
): XmlElement {
  const declared = new Map<string, string>();
  const attributes = new Map<string, string>();
  for (const [key, value] of written) {
    if (key === 'xmlns') declared.set('', value);
    else if (key.startsWith('xmlns:')) declared.set(key.slice('xmlns:'.length), value);
    else attributes.set(key, value);
  }
  const scope = declared.size > 0 ? { declared, outer } : outer;
  const colon = name.indexOf(':');
  const { elements, text } = childrenOf(content, scope);
  return {
    namespace: namespaceOf(colon === -1 ? '' : name.slice(0, colon), scope),
    name: name.slice(colon + 1),
    attributes,
    children: elements,
    text,
  };
}

function namespaceOf(prefix: string, scope: Scope | null): string | null {
  for (let around = scope; around !== null; around = around.outer) {
    const uri = around.declared.get(prefix);
    if (uri !== undefined) return uri === '' ? null : uri;
  }
  return null;
}

function attributesOf(node: unknown): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [name, content] of entriesOf(node)) {
    if (name !== ':@') continue;
    for (const [key, value] of entriesOf(content)) {
      if (typeof value === 'string') attributes.set(key, decoded(value));
    }
  }
  return attributes;
}

/** CDATA stands as written: an ampersand in it is an ampersand. */
function textOf(cdata: unknown): string {
  return (Array.isArray(cdata) ? cdata : [])
    .flatMap(entriesOf)
    .map(([, content]) => (typeof content === 'string' ? content : ''))
    .join('');
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

const named = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decoded(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return named.get(name) ?? whole;
    const code = typeof hex === 'string' ? parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}
