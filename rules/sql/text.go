package sql

import (
	"fmt"
	"strings"
	"unicode"
)

// capitals and smalls are the letters from U+0041 to U+017F that have a small form, and these, one to one.
var capitals, smalls = func() (string, string) {
	var from, to strings.Builder
	for r := 'A'; r <= '\u017f'; r++ {
		if low := unicode.ToLower(r); low != r {
			from.WriteRune(r)
			to.WriteRune(low)
		}
	}
	return from.String(), to.String()
}()

const asciiCapitals, asciiSmalls = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"

// Lower is a text in small letters, by one table that is the same in every engine.
func Lower(text string) string {
	return fmt.Sprintf("translate(%s, '%s', '%s')", text, capitals, smalls)
}

// LowerASCII is a text with A to Z in small letters.
func LowerASCII(text string) string {
	return fmt.Sprintf("translate(%s, '%s', '%s')", text, asciiCapitals, asciiSmalls)
}

// whiteSpace are the characters that are trimmed off ids: those with the property White_Space.
const whiteSpace = "\t\n\v\f\r \u0085\u00a0\u1680" +
	"\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// Trim is a text without white space at both ends.
func (d *Dialect) Trim(text string) string { return fmt.Sprintf(d.trim, text, d.Quote(whiteSpace)) }

// The URL parts cut texts as rules/builtin does. Positions count characters; since everything is cut at ASCII
// characters that is the same cut.

// position is where a part begins in a text, from 1 on; 0 where it does not occur.
func (d *Dialect) position(text, part string) string {
	return fmt.Sprintf("%s(%s, %s)", d.find, text, d.Quote(part))
}

// hasAuthority is true where :// stands before any of / ? #.
func (d *Dialect) hasAuthority(url string) string {
	sign := d.position(url, "://")
	return fmt.Sprintf("(%s > 0 AND %s = %s + 1)", sign, d.position("translate("+url+", '?#', '//')", "/"), sign)
}

// authority is what follows :// up to the next of / ? #.
func (d *Dialect) authority(url string) string {
	return fmt.Sprintf("split_part(translate(substr(%s, %s + 3), '?#', '//'), '/', 1)", url, d.position(url, "://"))
}

// Host is the host of a URL, null where there is none.
func (d *Dialect) Host(url string) string {
	host := fmt.Sprintf("split_part(%s, '@', -1)", d.authority(url))
	end := d.position(host, "]")
	bare := fmt.Sprintf("split_part(%s, ':', 1)", host)
	bracketed := fmt.Sprintf("substr(%s, 1, %s) || split_part(substr(%s, %s + 1), ':', 1)", host, end, host, end)
	name := fmt.Sprintf("CASE WHEN %s AND %s > 0 THEN %s ELSE %s END", d.StartsWith(host, d.Quote("[")), end, bracketed,
		bare)
	return fmt.Sprintf("CASE WHEN %s THEN nullif(%s, '') END", d.hasAuthority(url), LowerASCII(name))
}

// URLPath is the path of a URL.
func (d *Dialect) URLPath(url string) string {
	upTo := func(text string) string { return fmt.Sprintf("split_part(translate(%s, '#', '?'), '?', 1)", text) }
	after := upTo(fmt.Sprintf("substr(%s, %s + 3 + char_length(%s))", url, d.position(url, "://"), d.authority(url)))
	return fmt.Sprintf("CASE WHEN %s THEN coalesce(nullif(%s, ''), '/') ELSE %s END", d.hasAuthority(url), after,
		upTo(url))
}

// QueryParam is the first value of a parameter in the query of a URL, null where it is not there.
func (d *Dialect) QueryParam(url, key string) string {
	if strings.ContainsAny(key, "&=#") {
		return "CAST(NULL AS " + d.Text + ")"
	}
	url = "split_part(" + url + ", '#', 1)"
	sign := d.position(url, "?")
	query := fmt.Sprintf("('&' || substr(%s, %s + 1) || '&')", url, sign)
	valued, bare := d.position(query, "&"+key+"="), d.position(query, "&"+key+"&")
	return fmt.Sprintf("CASE WHEN %s = 0 THEN NULL WHEN %s > 0 AND (%s = 0 OR %s < %s) THEN split_part(substr(%s, %s + "+
		"%d), '&', 1) WHEN %s > 0 THEN '' END",
		sign, valued, bare, valued, bare, query, valued, len([]rune(key))+2, bare)
}

// HasControl is true for a text with a control character.
func (d *Dialect) HasControl(text string) string {
	return fmt.Sprintf(d.holds, text, d.Quote(`[\x{0}-\x{1f}\x{7f}-\x{9f}]`))
}

// HexText is a text as hex digits: a tag, its length in eight bytes, the least first, and its bytes.
func (d *Dialect) HexText(text string) string {
	return fmt.Sprintf("'01' || %s || %s", d.HexWord(d.Bytes(text)), fmt.Sprintf(d.hexBytes, text))
}

// HexWord is a 64-bit integer as hex digits of its eight bytes, the least first.
func (d *Dialect) HexWord(n string) string {
	return fmt.Sprintf("regexp_replace(lpad("+d.hexInteger+", 16, '0'), %s, %s)", n, d.Quote(strings.Repeat("(..)", 8)),
		d.Quote(d.swap))
}

// HashHex is the SHA-256 of bytes written as hex digits, as hex digits.
func (d *Dialect) HashHex(digits string) string { return fmt.Sprintf(d.hashHex, digits) }

// Hash is the SHA-256 of two texts with a zero byte between them, as hex digits.
func (d *Dialect) Hash(first, second string) string { return fmt.Sprintf(d.sha256, first, second) }

// Bucket is the first eight bytes of a hash modulo 10,000: four digits at a time, so that no engine needs unsigned
// numbers.
func (d *Dialect) Bucket(hash string) string {
	rest := ""
	for at := 1; at < 16; at += 4 {
		digits := fmt.Sprintf(d.hexNumber, fmt.Sprintf("substr(%s, %d, 4)", hash, at))
		if rest == "" {
			rest = digits
			continue
		}
		rest = fmt.Sprintf("(%s * 65536 + %s) %% 10000", whole(rest), digits)
	}
	return rest
}

func whole(x string) string {
	if strings.HasPrefix(x, "(") {
		return "(" + x + ")"
	}
	return x
}
