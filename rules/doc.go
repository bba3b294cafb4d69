// Package rules is the rule language as analysts meet it: the text of rule files, schemas and value sets comes in;
// checked segments with bound conditions, or findings with exact places, go out.
//
// Reading goes in steps that only know the one before: Source (a text and places in it), Document and Node (strict
// YAML), lex, parse, bind and normal (the `where` text), the segment's checker, Order (references between segments).
// What verbs, functions and aggregates there are is handed in as a Language; rules/builtin makes it. Zones and calendar
// arithmetic live here as well, because windows are part of the language.
//
// The package knows no Arrow, no SQL, no files, no clock and no people; everything here could run in an editor.
package rules
