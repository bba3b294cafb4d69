package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one fault that can be switched on.
type mutant struct {
	n          int // its number
	room, kind string
	key        string // file, function, kind and text: what a list of survivors names
	file       string
	line       int
}

// edit replaces a piece of a file. Edits of one place stand in the order of rank, then of their making.
type edit struct {
	start, end, rank, mutant int
	text                     string
}

// planter plants all mutants of a package.
type planter struct {
	fset    *token.FileSet
	info    *types.Info
	pkg     *types.Package
	room    string
	path    string
	src     []byte
	imports map[string]string // of the file: path to name
	fn      string
	seen    map[string]int
	summed  map[ast.Expr]bool
	mutants *[]*mutant
	edits   []edit
}

// plant reads the chosen files of a folder and returns each with the edits of its mutants.
func plant(root, dir, room string, chosen func(string) bool, exports map[string]string, mutants *[]*mutant,
) (map[string][]edit, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", lookup)}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}
	pkg, err := config.Check(dir, fset, files, info)
	if err != nil {
		return nil, err
	}
	out := map[string][]edit{}
	for _, f := range files {
		name := fset.Position(f.Pos()).Filename
		if !chosen(filepath.Base(name)) {
			continue
		}
		p := &planter{
			fset: fset, info: info, pkg: pkg, room: room, imports: map[string]string{}, mutants: mutants,
			seen: map[string]int{}, summed: map[ast.Expr]bool{},
		}
		p.path, _ = filepath.Rel(root, name)
		if p.src, err = os.ReadFile(name); err != nil {
			return nil, err
		}
		for _, i := range f.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			p.imports[path] = filepath.Base(path)
			if i.Name != nil {
				p.imports[path] = i.Name.Name
			}
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				p.function(fn)
			}
		}
		out[p.path] = p.edits
	}
	return out, nil
}

func (p *planter) function(fn *ast.FuncDecl) {
	p.fn = fn.Name.Name
	if fn.Recv != nil {
		p.fn = strings.TrimLeft(p.text(fn.Recv.List[0].Type), "*") + "." + p.fn
	}
	results := []*types.Signature{p.info.Defs[fn.Name].Type().(*types.Signature)}
	var stack []ast.Node
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if n == nil {
			if _, ok := stack[len(stack)-1].(*ast.FuncLit); ok {
				results = results[:len(results)-1]
			}
			stack = stack[:len(stack)-1]
			return true
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			results = append(results, p.info.TypeOf(n).(*types.Signature))
		case *ast.BlockStmt:
			p.statements(n.List)
		case *ast.CaseClause:
			p.statements(n.Body)
		case *ast.CommClause:
			p.statements(n.Body)
		case *ast.IfStmt:
			if !fails(n.Cond) {
				p.wrap("branch", n.Cond, "False(%d, ")
			}
		case *ast.BinaryExpr:
			p.binary(n)
		case *ast.ReturnStmt:
			p.returned(n, results[len(results)-1].Results())
		case *ast.IndexExpr:
			if t := p.info.TypeOf(n.X); t != nil && !isMap(t) {
				p.off(n.Index)
			}
		case *ast.SliceExpr:
			p.off(n.Low)
			p.off(n.High)
		case *ast.CompositeLit:
			p.fields(n)
		case *ast.CallExpr:
			if !p.call(n) {
				return false
			}
		case *ast.DeclStmt:
			if d := n.Decl.(*ast.GenDecl); d.Tok != token.VAR {
				return false
			}
		}
		stack = append(stack, n)
		return true
	})
}

// fails is whether a condition asks for an error: the comparison's opposite says it all.
func fails(cond ast.Expr) bool {
	b, ok := cond.(*ast.BinaryExpr)
	if !ok {
		return false
	}
	x, ok := b.X.(*ast.Ident)
	return ok && x.Name == "err"
}

func (p *planter) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if text := p.text(s); strings.HasPrefix(text, "panic(") || strings.Contains(text, ".Log.") {
				continue
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE || p.text(s.Lhs[0]) == "_" {
				continue
			}
		case *ast.IncDecStmt, *ast.BranchStmt:
		case *ast.DeferStmt:
			if strings.HasSuffix(p.text(s), ".Close()") {
				continue
			}
		default:
			continue
		}
		p.add("statement", s, fmt.Sprintf("if planted.Keep(%d) { ", len(*p.mutants)+1), " }")
	}
}

var boundaries = map[token.Token]string{token.LSS: "Lss", token.LEQ: "Leq", token.GTR: "Gtr", token.GEQ: "Geq"}

func (p *planter) binary(n *ast.BinaryExpr) {
	if p.info.Types[n].Value != nil {
		return
	}
	switch n.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		at := p.fset.Position(n.OpPos).Offset
		p.wrap("comparison", n, boundaries[n.Op]+"(%d, ")
		p.edits = append(p.edits, edit{at, at + len(n.Op.String()), 2, len(*p.mutants), ","})
	case token.EQL, token.NEQ:
		p.wrap("comparison", n, "Not(%d, ")
	case token.LAND:
		p.wrap("branch", n.X, "True(%d, ")
		p.wrap("branch", n.Y, "True(%d, ")
	case token.LOR:
		p.wrap("branch", n.X, "False(%d, ")
		p.wrap("branch", n.Y, "False(%d, ")
	case token.ADD, token.SUB:
		p.off(n)
	}
}

func (p *planter) returned(n *ast.ReturnStmt, results *types.Tuple) {
	if len(n.Results) != results.Len() {
		return
	}
	last := len(n.Results) - 1
	if last > 0 && results.At(last).Type().String() == "error" {
		if _, fails := n.Results[last].(*ast.CallExpr); fails { // what stands beside an error is not looked at
			p.value("return", n.Results[last], results.At(last).Type())
			return
		}
	}
	for i, r := range n.Results {
		p.value("return", r, results.At(i).Type())
	}
}

// fields plants in the named fields of a struct: they are the arguments of its making.
func (p *planter) fields(n *ast.CompositeLit) {
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if name, ok := kv.Key.(*ast.Ident); ok {
			if field, ok := p.info.Uses[name].(*types.Var); ok && field.IsField() {
				p.value("argument", kv.Value, field.Type())
			}
		}
	}
}

// value makes an expression the zero of its type, or the opposite.
func (p *planter) value(kind string, x ast.Expr, t types.Type) {
	tv := p.info.Types[x]
	basic, _ := t.Underlying().(*types.Basic)
	switch {
	case basic != nil && basic.Info()&types.IsBoolean != 0:
		p.wrap(kind, x, "Not(%d, ")
	case tv.IsNil(), kind == "argument" && isText(x, basic),
		tv.Value != nil && (basic == nil || basic.Info()&types.IsString != 0):
	case tv.Value != nil && basic.Info()&types.IsInteger != 0:
		if name, ok := p.name(t); ok {
			p.wrap(kind, x, "Off["+name+"](%d, ")
		}
	default:
		if lit, ok := x.(*ast.CompositeLit); ok && len(lit.Elts) == 0 {
			return
		}
		if name, ok := p.name(t); ok {
			p.wrap(kind, x, "Zero["+name+"](%d, ")
		}
	}
}

// isText is whether somebody reads an expression as a sentence: words are put together.
func isText(x ast.Expr, t *types.Basic) bool {
	sum, ok := x.(*ast.BinaryExpr)
	return ok && sum.Op == token.ADD && t != nil && t.Info()&types.IsString != 0
}

// name is how the file writes a type.
func (p *planter) name(t types.Type) (string, bool) {
	ok := true
	s := types.TypeString(t, func(of *types.Package) string {
		if of == p.pkg {
			return ""
		}
		name, imported := p.imports[of.Path()]
		ok = ok && imported
		return name
	})
	return s, ok
}

func (p *planter) off(x ast.Expr) {
	if x == nil || p.summed[x] {
		return
	}
	p.summed[x] = true // a sum that is an index has one mutant
	typ := p.info.TypeOf(x)
	t, ok := typ.Underlying().(*types.Basic)
	if !ok || t.Info()&types.IsInteger == 0 {
		return
	}
	if p.info.Types[x].Value != nil {
		if name, ok := p.name(types.Default(typ)); ok {
			p.wrap("off by one", x, "Off["+name+"](%d, ")
		}
		return
	}
	p.wrap("off by one", x, "Off(%d, ")
}

// call plants in the arguments of a call; false: nor in what is below it.
func (p *planter) call(n *ast.CallExpr) bool {
	name := p.text(n.Fun)
	tv := p.info.Types[n.Fun]
	if name == "make" || strings.HasPrefix(name, "fmt.") || strings.HasPrefix(name, "errors.") {
		return false
	}
	if tv.IsBuiltin() || tv.IsType() {
		return true
	}
	sig, ok := tv.Type.Underlying().(*types.Signature)
	if !ok {
		return true
	}
	if sel, is := n.Fun.(*ast.SelectorExpr); is && (sel.Sel.Name == "Before" || sel.Sel.Name == "After") &&
		types.TypeString(p.info.TypeOf(sel.X), nil) == "time.Time" {
		p.wrap("comparison", n, sel.Sel.Name+"(%d, ")
		end, args := p.fset.Position(sel.X.End()).Offset, p.fset.Position(n.Lparen).Offset
		p.edits = append(p.edits, edit{end, args + 1, 2, len(*p.mutants), ", "})
		last := p.fset.Position(n.Rparen).Offset
		p.edits = append(p.edits, edit{last, last + 1, 2, len(*p.mutants), ""})
		return true
	}
	for i, a := range n.Args {
		if i >= sig.Params().Len() || sig.Variadic() && i >= sig.Params().Len()-1 || len(n.Args) < sig.Params().Len()-1 {
			break
		}
		t := sig.Params().At(i).Type()
		if s := t.String(); s == "context.Context" || strings.HasPrefix(s, "func(") {
			continue
		}
		p.value("argument", a, t)
	}
	return true
}

func (p *planter) wrap(kind string, x ast.Expr, call string) {
	p.add(kind, x, fmt.Sprintf("planted."+call, len(*p.mutants)+1), ")")
}

func (p *planter) add(kind string, n ast.Node, before, after string) {
	at := p.fset.Position(n.Pos())
	text := strings.Join(strings.Fields(p.text(n)), " ")
	if len(text) > 90 {
		text = text[:90]
	}
	key := fmt.Sprintf("%s %s, %s: %s", p.path, p.fn, kind, text)
	if p.seen[key]++; p.seen[key] > 1 {
		key += fmt.Sprintf(" #%d", p.seen[key])
	}
	m := &mutant{n: len(*p.mutants) + 1, room: p.room, kind: kind, key: key, file: p.path, line: at.Line}
	*p.mutants = append(*p.mutants, m)
	end := p.fset.Position(n.End()).Offset
	p.edits = append(p.edits, edit{at.Offset, at.Offset, 1, m.n, before}, edit{end, end, 0, m.n, after})
}

func (p *planter) text(n ast.Node) string {
	return string(p.src[p.fset.Position(n.Pos()).Offset:p.fset.Position(n.End()).Offset])
}

func isMap(t types.Type) bool { _, ok := t.Underlying().(*types.Map); return ok }

// apply makes the edits of all mutants but those that are left out.
func apply(src []byte, edits []edit, out map[int]bool) []byte {
	edits = slices.DeleteFunc(slices.Clone(edits), func(e edit) bool { return out[e.mutant] })
	if len(edits) == 0 {
		return src
	}
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		if a.rank == 0 && b.rank == 0 {
			return b.mutant - a.mutant // inner ones close first
		}
		return a.rank - b.rank
	})
	var w bytes.Buffer
	at := 0
	for _, e := range edits {
		w.Write(src[at:e.start])
		w.WriteString(e.text)
		at = e.end
	}
	w.Write(src[at:])
	line := bytes.Index(w.Bytes(), []byte("\npackage ")) + 1
	end := line + bytes.IndexByte(w.Bytes()[line:], '\n')
	return slices.Concat(w.Bytes()[:end], []byte(`; import "`+plantedPath+`"`), w.Bytes()[end:])
}

// exports are the compiled packages that the rooms import.
func exports(root string) (map[string]string, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", "./cmd/malgrupp")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	text, err := cmd.Output()
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		out[path] = file
	}
	return out, err
}
