package console

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// element is one element of a page, as a screen reader's user meets it.
type element struct {
	navn  string
	attr  map[string]string
	tekst string // with that of its children
	boern []*element
	far   *element
}

// dom reads a page. Our templates are written so that a strict reader can read them, which finds every quote and every
// end tag that is missing.
func dom(krop string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(krop))
	d.Strict = false
	d.AutoClose = xml.HTMLAutoClose
	d.Entity = xml.HTMLEntity
	rod := &element{attr: map[string]string{}}
	nu := rod
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if nu != rod {
				return rod, errors.New("<" + nu.navn + "> is not closed")
			}
			return rod, nil
		}
		if err != nil {
			return rod, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			e := &element{navn: t.Name.Local, attr: map[string]string{}, far: nu}
			for _, a := range t.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			nu.boern = append(nu.boern, e)
			nu = e
		case xml.EndElement:
			if nu.navn != t.Name.Local {
				return rod, errors.New("</" + t.Name.Local + "> ends <" + nu.navn + ">")
			}
			nu.far.tekst += nu.tekst
			nu = nu.far
		case xml.CharData:
			nu.tekst += string(t)
		}
	}
}

// alle are the elements below e that fulfil the condition.
func (e *element) alle(f func(*element) bool) []*element {
	var ud []*element
	for _, b := range e.boern {
		if f(b) {
			ud = append(ud, b)
		}
		ud = append(ud, b.alle(f)...)
	}
	return ud
}

func (e *element) kaldt(navne ...string) []*element {
	return e.alle(func(x *element) bool { return slices.Contains(navne, x.navn) })
}

// oplaest is what a screen reader says of an element: its text without what is hidden from it.
func (e *element) oplaest() string {
	if e.attr["aria-hidden"] == "true" {
		return ""
	}
	skjult := ""
	for _, b := range e.alle(func(x *element) bool { return x.attr["aria-hidden"] == "true" }) {
		skjult += b.tekst
	}
	ud := strings.TrimSpace(strings.Replace(e.tekst, skjult, "", 1))
	for _, b := range e.kaldt("img") {
		ud += b.attr["alt"]
	}
	return ud + e.attr["aria-label"]
}

// velformet checks the parts of WCAG 2.2 AA that can be read off a page: names of everything that can be used, labels,
// headings in order, one main, ids used once, tables with headers, pictures with text.
func (h *hus) velformet(navn, krop string) {
	h.Helper()
	rod, err := dom(krop)
	if err != nil {
		h.Errorf("%s: %v", navn, err)
		return
	}
	klag := func(hvad, hvor string) { h.Errorf("%s: %s: %s", navn, hvad, hvor) }
	rod.etiketter(klag)
	rod.overskrifter(klag)
	rod.tabeller(klag)
	rod.billeder(klag)
	rod.idEr(klag)
	for _, n := range []string{"main", "h1", "title"} {
		if l := rod.kaldt(n); n != "title" && len(l) != 1 || len(l) == 0 {
			klag("not exactly one", n)
		}
	}
	for _, e := range rod.alle(func(e *element) bool { return e.attr["style"] != "" || e.attr["onclick"] != "" }) {
		klag("the content security policy forbids", e.navn)
	}
}

func (e *element) etiketter(klag func(string, string)) {
	etiket := map[string]bool{}
	for _, l := range e.kaldt("label") {
		if strings.TrimSpace(l.tekst) == "" {
			klag("empty label", l.attr["for"])
		}
		etiket[l.attr["for"]] = true
	}
	for _, f := range e.kaldt("input", "select", "textarea") {
		if f.attr["type"] != "hidden" && !etiket[f.attr["id"]] {
			klag("field without a label", f.attr["name"])
		}
	}
	for _, k := range e.kaldt("a", "button", "summary") {
		if k.oplaest() == "" && k.attr["data-liveknap"] == "" { // the script gives that button its text
			klag("nameless", k.navn+" "+k.attr["href"])
		}
	}
	for _, f := range e.kaldt("form") {
		if f.attr["method"] == "post" && len(f.alle(func(x *element) bool { return x.attr["name"] == "token" && x.attr["value"] != "" })) != 1 {
			klag("form without a token", f.attr["action"])
		}
	}
}

func (e *element) overskrifter(klag func(string, string)) {
	sidst := 0
	for _, o := range e.kaldt("h1", "h2", "h3", "h4", "h5") {
		n := int(o.navn[1] - '0')
		if n > sidst+1 {
			klag("heading skips a level", o.navn+" "+o.tekst)
		}
		if o.oplaest() == "" {
			klag("empty heading", o.navn)
		}
		sidst = n
	}
}

func (e *element) tabeller(klag func(string, string)) {
	for _, t := range e.kaldt("table") {
		if len(t.kaldt("caption")) != 1 {
			klag("table without a caption", t.tekst[:min(len(t.tekst), 40)])
		}
		for _, th := range t.kaldt("th") {
			if th.attr["scope"] == "" || th.oplaest() == "" {
				klag("header without scope or name", th.tekst)
			}
		}
		for _, r := range t.kaldt("tr") {
			if len(r.kaldt("th")) == 0 {
				klag("row without a header", r.tekst)
			}
		}
	}
}

func (e *element) billeder(klag func(string, string)) {
	for _, b := range e.kaldt("img") {
		if _, ok := b.attr["alt"]; !ok {
			klag("img without alt", b.attr["src"])
		}
	}
	for _, b := range e.kaldt("svg") {
		inde := b.far
		for inde != nil && inde.navn != "svg" {
			inde = inde.far
		}
		if inde != nil || b.attr["aria-hidden"] == "true" {
			continue
		}
		if b.attr["role"] != "img" || b.attr["aria-labelledby"] == "" || len(b.kaldt("title")) != 1 || len(b.kaldt("desc")) != 1 || len(b.kaldt("a")) > 0 {
			klag("svg without role, title and desc, or with links inside", b.attr["class"])
		}
	}
}

func (e *element) idEr(klag func(string, string)) {
	set := map[string]bool{}
	for _, x := range e.alle(func(x *element) bool { return x.attr["id"] != "" }) {
		if set[x.attr["id"]] {
			klag("id used twice", x.attr["id"])
		}
		set[x.attr["id"]] = true
	}
	for _, x := range e.alle(func(*element) bool { return true }) {
		for _, a := range []string{"aria-labelledby", "aria-describedby", "for", "list"} {
			for id := range strings.FieldsSeq(x.attr[a]) {
				if !set[id] {
					klag(a+" points at nothing", id)
				}
			}
		}
		if h := x.attr["href"]; strings.HasPrefix(h, "#") && !set[h[1:]] {
			klag("link to nothing", h)
		}
	}
}

// TestFarverHarKontrast computes the contrast of every pair of colours that the style sheet lays on each other, in both
// schemes: 4.5:1 for text, 3:1 for edges of controls and for focus. WCAG 1.4.3, 1.4.11.
func TestFarverHarKontrast(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("statisk/console.css")
	if err != nil {
		t.Fatal(err)
	}
	lys, rest, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	moerk, _, _ := strings.Cut(rest, "box-sizing")
	lysFarver := farver(lys)
	moerkFarver := farver(moerk)
	for navn := range lysFarver {
		if _, ok := moerkFarver[navn]; !ok {
			t.Errorf("%s has no dark colour", navn)
		}
	}
	for tema, f := range map[string]map[string][3]float64{"lys": lysFarver, "mørk": moerkFarver} {
		krav := func(min float64, forgrund string, grunde ...string) {
			for _, g := range grunde {
				if k := kontrast(f[forgrund], f[g]); k < min {
					t.Errorf("%s: %s on %s is %.2f:1, must be %.1f:1", tema, forgrund, g, k, min)
				}
			}
		}
		krav(4.5, "tekst", "grund", "flade", "flade-2", "accent-svag", "advarsel-svag")
		krav(4.5, "svag", "grund", "flade", "flade-2")
		krav(4.5, "accent", "grund", "flade", "flade-2", "accent-svag")
		krav(4.5, "accent-tekst", "accent")
		krav(4.5, "flade", "kritisk") // the counter
		for _, n := range []string{"ok", "vent", "advarsel", "kritisk", "uvist", "stille"} {
			krav(4.5, n, n+"-svag", "flade", "flade-2")
		}
		krav(3, "kant-felt", "flade", "flade-2", "grund")
		krav(3, "fokus", "grund", "flade", "flade-2", "accent-svag")
	}
}

func farver(css string) map[string][3]float64 {
	ud := map[string][3]float64{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		var c [3]float64
		for i := range c {
			v, _ := strconv.ParseUint(m[2][2*i:2*i+2], 16, 8)
			c[i] = float64(v) / 255
		}
		ud[m[1]] = c
	}
	return ud
}

func kontrast(a, b [3]float64) float64 {
	x, y := lysstyrke(a), lysstyrke(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func lysstyrke(c [3]float64) float64 {
	lin := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c[0]) + 0.7152*lin(c[1]) + 0.0722*lin(c[2])
}
