// Package rules is the rule language: files of segments, schemas and value sets come in as text; checked segments with
// bound conditions, or findings with exact places, go out.
//
// The rooms below it know only the one before: value (what columns hold), source (text and findings), yaml (strict
// reading), where (the text of a condition). Here are the schemas and the scope of a project, the checker, bound
// conditions, their normal form and hash, and the order of segments. What verbs, functions and aggregates there are is
// handed in as a Language; rules/builtin makes it. What can be done with checked rules has rooms of its own: format,
// lint, prose, diff, editor.
//
// keys.go is the one table of what files may say: reader, formatter and JSON Schemas go by it.
//
// None of them knows Arrow, SQL, files, a clock or people; everything could run in an editor.
package rules
