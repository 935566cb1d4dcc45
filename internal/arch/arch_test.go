package arch

import (
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/source"
)

// TestHouse applies every rule to the module itself.
func TestHouse(t *testing.T) {
	t.Parallel()
	root, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	m, err := source.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, rule := range map[string]func(*source.Module) []string{
		"Imports": Imports, "Homeless": Homeless, "Inits": Inits, "Variables": Variables, "Sleeps": Sleeps,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, finding := range rule(m) {
				t.Error(finding)
			}
		})
	}
	t.Run("Dependencies", func(t *testing.T) {
		t.Parallel()
		required, err := Required(root)
		if err != nil {
			t.Fatal(err)
		}
		reasons, err := Reasons(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range Dependencies(m, required, reasons) {
			t.Error(finding)
		}
	})
}

// file parses one made-up file into a module of its own.
func file(t *testing.T, name, src string) *source.Module {
	t.Helper()
	m := &source.Module{Path: "example.org/hus", Fset: token.NewFileSet()}
	tree, err := parser.ParseFile(m.Fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	dir := ""
	if i := strings.LastIndex(name, "/"); i >= 0 {
		dir = name[:i]
	}
	m.Files = []source.File{{Name: name, Dir: dir, Test: strings.HasSuffix(name, "_test.go"), AST: tree}}
	return m
}

func TestImports(t *testing.T) {
	t.Parallel()
	const own = "example.org/hus/"
	for _, c := range []struct {
		file, imports string
		ok            bool
	}{
		{"mox.go", "time", true},
		{"mox.go", "github.com/google/uuid", false},
		{"mox.go", own + "internal/service", false},
		{"mox_test.go", "github.com/google/go-cmp/cmp", true},
		{"mox_test.go", own + "internal/conformance", true},
		{"store/store.go", "example.org/hus", true},
		{"store/store.go", "github.com/jackc/pgx/v5", true},
		{"store/store.go", own + "store/sqlstore", true},
		{"store/store.go", own + "internal/service", true},
		{"store/store.go", own + "oio", false},
		{"store/store.go", own + "distributor", false},
		{"store/store.go", own + "store/storetest", false},
		{"store/store.go", own + "internal/testenv", false},
		{"store/store_test.go", own + "distributor", true},
		{"store/storetest/suite.go", own + "internal/testenv", true},
		{"distributor/distributor.go", own + "store", true},
		{"distributor/distributor.go", own + "klient", false},
		{"klient/klient.go", own + "oio", true},
		{"klient/klient.go", own + "distributor", false},
		{"carrier/pull/klient.go", own + "klient", true},
		{"carrier/push/push.go", own + "distributor", true},
		{"carrier/push/push.go", own + "report", false},
		{"agent/agent.go", own + "connector/folder", true},
		{"agent/agent.go", own + "console", false},
		{"app/app.go", own + "agent", true},
		{"app/app.go", own + "demo", false},
		{"cmd/mox/demo.go", own + "demo", true},
		{"cmd/mox/afproevning.go", own + "afproevning", true},
		{"afproevning/run.go", own + "app", true},
		{"afproevning/run.go", own + "afproevning/systemer/esdh", true},
		{"afproevning/run.go", own + "cmd/mox", false},
		{"connector/folder/folder.go", own + "connector", true},
		{"connector/folder/folder.go", "example.org/hus", false},
		{"connector/folder/folder_test.go", own + "connector/connectortest", true},
		{"connector/folder/folder_test.go", own + "agent", false},
		{"connector/connectortest/suite.go", own + "internal/conformance", true},
		{"connector/connectortest/suite.go", "example.org/hus", false},
		{"mapping/mapping.go", own + "internal/service", false},
		{"demo/esdh/esdh.go", own + "demo/vis", true},
		{"demo/esdh/esdh.go", "example.org/hus", false},
		{"demo/crash/crash_test.go", own + "app", false},
		{"demo/crash/crash_test.go", own + "internal/conformance", true},
		{"afproevning/systemer/esdh/esdh.go", own + "afproevning", false},
	} {
		m := file(t, c.file, fmt.Sprintf("package p\nimport _ %q\n", c.imports))
		if findings := Imports(m); (len(findings) == 0) != c.ok {
			t.Errorf("%s imports %s: findings %q", c.file, c.imports, findings)
		}
	}
}

func TestHomeless(t *testing.T) {
	t.Parallel()
	if f := Homeless(file(t, "utils/utils.go", "package utils")); len(f) != 1 {
		t.Errorf("%q", f)
	}
	if f := Homeless(file(t, "store/sqlstore/open.go", "package sqlstore")); len(f) != 0 {
		t.Errorf("%q", f)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src  string
		want string // what the first finding is about; "" = none
	}{
		{`var ErrVaek = errors.New("væk")`, ""},
		{`var form = regexp.MustCompile("x")`, ""},
		{`var typer = map[string]int{"Sag": 1}`, ""},
		{`var version = "udvikling"`, ""},
		{`var _ io.Reader = (*T)(nil)`, ""},
		{"//go:embed *.sql\nvar filer embed.FS", ""},
		{"//arch:fixed a template is only read after Must\nvar side = template.Must(f())", ""},
		{"var side = template.Must(f())", "side may be state"},
		{"//arch:fixed \nvar side = template.Must(f())", "side may be state"},
		{"var mu sync.Mutex", "mu may be state"},
		{"var mu = sync.Mutex{}", "mu may be state"},
		{"var klient = &http.Client{}", "klient may be state"},
		{"var a, b = 1, f()", "b may be state"},
		{"var (\n\tok = 1\n\tgem map[string]int\n)", "gem may be state"},
		{"var n = 1\nfunc f() { n++ }", "n is changed"},
		{"var n = 1\nfunc f() { n = 2 }", "n is changed"},
		{"var n = 1\nfunc f() { n := 2; n = 3 }", ""},
		{"var typer = map[string]int{}\nfunc f() { typer[\"x\"] = 1 }", "typer is changed"},
		{"var typer = map[string]int{}\nfunc f() { delete(typer, \"x\") }", "typer is changed"},
		{"var t = T{}\ntype T struct{ a []int }\nfunc f() { t.a[0] = 1 }", "t is changed"},
		{"var t = 1\nfunc f() { fill(&t) }", "t is changed"},
		{"var t = []T{{}}\ntype T struct{}\nfunc f() *T { return &t[0] }", ""},
		{"import \"net/http\"\nfunc f() { http.DefaultClient = nil }", "DefaultClient is changed"},
		{"import \"net/http\"\nfunc f(r *http.Request) { r.Host = \"\" }", ""},
	} {
		findings := Variables(file(t, "p/p.go", "package p\n"+c.src))
		switch {
		case c.want == "" && len(findings) > 0:
			t.Errorf("%s:\n%q", c.src, findings)
		case c.want != "" && (len(findings) == 0 || !strings.Contains(findings[0], c.want)):
			t.Errorf("%s:\n%q, want %q", c.src, findings, c.want)
		}
	}
	// A test may have variables of its own, flags for example, but change none.
	if f := Variables(file(t, "p/p_test.go", "package p\nvar opdater = flag.Bool(\"opdater\", false, \"\")")); len(f) != 0 {
		t.Errorf("in a test: %q", f)
	}
}

func TestInits(t *testing.T) {
	t.Parallel()
	if f := Inits(file(t, "p/p.go", "package p\nfunc init() {}")); len(f) != 1 {
		t.Errorf("%q", f)
	}
	if f := Inits(file(t, "p/p.go", "package p\ntype T struct{}\nfunc (T) init() {}")); len(f) != 0 {
		t.Errorf("a method named init: %q", f)
	}
}

func TestSleeps(t *testing.T) {
	t.Parallel()
	const src = "package p\nimport ur \"time\"\nfunc f() { ur.Sleep(1) }"
	for name, want := range map[string]int{"p/p_test.go": 1, "p/ptest/p.go": 1, "p/p.go": 0} {
		if f := Sleeps(file(t, name, src)); len(f) != want {
			t.Errorf("%s: %q", name, f)
		}
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	m := file(t, "p/p.go", `package p; import ("fmt"; "example.org/hus/q"; "example.org/et/v2/x"; "example.org/to"; "example.org/tre")`)
	required := []string{"example.org/et", "example.org/et/v2", "example.org/to"}
	got := Dependencies(m, required, map[string]string{"example.org/et/v2": "needed", "example.org/fire": "gone"})
	want := []string{
		"internal/arch/deps.txt: example.org/fire is not in go.mod",
		"p/p.go imports example.org/to: give its reason in internal/arch/deps.txt",
		"p/p.go imports example.org/tre, which no module in go.mod provides",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
