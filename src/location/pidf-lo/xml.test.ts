import { escapeXml, maxXmlLength, readXml, type XmlElement } from './xml.ts';

function root(text: string): XmlElement {
  const reading = readXml(text);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.root;
}

function reason(text: string): string {
  const reading = readXml(text);
  return reading.ok ? 'read' : reading.reason;
}

describe('XML', () => {
  it('has namespaces by their URI, not by their prefix', () => {
    const document =
      '<a xmlns="one" xmlns:x="two"><x:b/><c xmlns="three" xmlns:x="four"><x:d/><e xmlns=""/></c><y:f/><g/></a>';
    const found: string[] = [];
    const visit = ({ namespace, name, children }: XmlElement): void => {
      found.push(`${namespace ?? 'none'} ${name}`);
      children.forEach(visit);
    };
    visit(root(document));
    expect(found).toEqual(['one a', 'two b', 'three c', 'four d', 'none e', 'none f', 'one g']);
  });

  it('has text with its entities, CDATA as written, and nothing of comments and instructions', () => {
    const { text, attributes } = root(
      '\uFEFF<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- <x> -->\n<a b="&lt;&#x41;>" c=\'"\'>1 &amp; 2<!-- </a> -->' +
        '<?do <a ?><![CDATA[<3&amp;]]>&#66;&nbsp;&#9999999;</a>\n<!-- end -->',
    );
    expect(text).toBe('1 & 2<3&amp;B&nbsp;');
    expect([...attributes]).toEqual([
      ['b', '<A>'],
      ['c', '"'],
    ]);
  });

  it.each([
    ['', 'empty'],
    [' \n', 'empty'],
    ['hello', 'root'],
    ['<a>', 'well-formed'],
    ['<a></b>', 'well-formed'],
    ['<a><b></a></b>', 'well-formed'],
    ['</a>', 'well-formed'],
    ['<a', 'well-formed'],
    ['<a b="', 'well-formed'],
    ['<a><!-- </a>', 'well-formed'],
    ['<a><![CDATA[</a>', 'well-formed'],
    ['<a><?x </a>', 'well-formed'],
    ['<a>1 < 2</a>', 'well-formed'],
    ['<a/><b/>', 'exactly one root'],
    ['<!-- nothing -->', 'root'],
    ['<!DOCTYPE a><a/>', 'entities'],
    ['<!doctype a SYSTEM "file:///etc/passwd"><a/>', 'entities'],
    ['<a><!ENTITY x "y"></a>', 'entities'],
    ['<!ELEMENT a ANY><a/>', 'well-formed'],
    ['<__proto__/>', 'well-formed'],
    ['<a><constructor/></a>', 'well-formed'],
    [`${'<a>'.repeat(33)}${'</a>'.repeat(33)}`, 'nested too deeply'],
    ['<a>'.repeat(20_000), 'nested too deeply'],
    ['<a b="/>">'.repeat(6_000), 'nested too deeply'],
    [`<a>${'x'.repeat(maxXmlLength)}</a>`, 'too long'],
    ['x'.repeat(10_000_000), 'too long'],
  ])('refuses what is none (%#)', (text, expected) => {
    expect(reason(text)).toMatch(expected);
    expect(reason(text).length).toBeLessThan(100);
  });

  it('reads what is as deep and as long as it may be', () => {
    expect(reason(`${'<a>'.repeat(32)}${'</a>'.repeat(32)}`)).toBe('read');
    expect(reason(`<a>${'x'.repeat(maxXmlLength - 7)}</a>`)).toBe('read');
  });

  it('reads back what was escaped, but for what XML cannot carry', () => {
    const text = '<a href="x">\'&amp;]]></a> é 😀';
    expect(root(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)).toMatchObject({
      text,
      attributes: new Map([['b', text]]),
    });
    expect(escapeXml('a\u0000b\uD800c\uFFFE')).toBe('abc');
  });

  it.each([
    '<a ' + 'b="1" '.repeat(10_000) + '/>',
    '<a>' + '<b/>'.repeat(16_000) + '</a>',
    '<a>' + '&#65;'.repeat(12_000) + '</a>',
    '<a>' + '<![CDATA[x]]>'.repeat(5_000) + '</a>',
    '<a ' + ' '.repeat(65_000) + 'b="1"/>',
    `<a ${Array.from({ length: 1_500 }, (_, index) => `xmlns:n${index}="u"`).join(' ')}>${'<b xmlns="v"/>'.repeat(2_000)}</a>`,
  ])('takes linear time (%#)', (text) => {
    expect(reason(text)).toBe('read');
  });

  it.each(['<!--', '<![CDATA[', '<?a', '<', '</', "<a b='", '&'])('takes linear time to refuse %s', (piece) => {
    expect(reason(`<a>${piece.repeat(65_000 / piece.length)}`)).toMatch(/well-formed|deeply/);
  });
});
