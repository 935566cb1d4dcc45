package konto

import (
	"errors"
	"strings"
	"testing"

	"github.com/moxkit/mox"
)

func TestHash(t *testing.T) {
	t.Parallel()
	p := gaeldendePlan()
	a, b := p.hash("rødgrød med fløde"), p.hash("rødgrød med fløde")
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s %s", a, b)
	}
	for kodeord, vil := range map[string]bool{"rødgrød med fløde": true, "ro\u0308dgrød": false, "rødgrød med fløde ": false, "": false} {
		if ok, forael, err := p.passer(a, kodeord); ok != vil || forael || err != nil {
			t.Errorf("%q: %t %t %v", kodeord, ok, forael, err)
		}
	}
	decomposed := p.hash("a\u030ase og de andre")
	if ok, _, err := p.passer(decomposed, "åse og de andre"); !ok || err != nil {
		t.Errorf("a letter written in two parts is another: %v", err)
	}
	dyrere := p
	dyrere.gennemloeb++
	if ok, forael, err := dyrere.passer(a, "rødgrød med fløde"); !ok || !forael || err != nil {
		t.Errorf("a hash of an earlier plan: %t %t %v", ok, forael, err)
	}
	if ok, forael, err := p.passer(p.attrap(), ""); ok || forael || err != nil {
		t.Errorf("the hash of no account: %t %t %v", ok, forael, err)
	}
}

// TestHashAfFremmedForm: what stands in the database costs no more than is allowed, and is never taken for a password.
func TestHashAfFremmedForm(t *testing.T) {
	t.Parallel()
	god := gaeldendePlan().attrap()
	for _, phc := range []string{"", "x", "$2a$10$abc", strings.Replace(god, "argon2id", "argon2i", 1), strings.Replace(god, "v=19", "v=16", 1), strings.Replace(god, "m=19456", "m=4294967295", 1),
		strings.Replace(god, "t=2", "t=1000", 1), strings.Replace(god, "t=2", "t=0", 1), strings.Replace(god, "p=1", "p=0", 1), god[:strings.LastIndex(god, "$")+1], god + "$", god + "!"} {
		if ok, _, err := gaeldendePlan().passer(phc, ""); ok || err == nil {
			t.Errorf("%q: %t %v", phc, ok, err)
		}
	}
}

func TestKodeordsregler(t *testing.T) {
	t.Parallel()
	for kodeord, vil := range map[string]string{
		"fem blå cykler":                   "",
		"rødgrød med fløde":                "",
		strings.Repeat("Xk2!pq9Zr$vw ", 9): "",
		"Xk2!pq9Zr$v":                      "kodeordet er på 11 tegn; mindst 12",
		"æøåæøåæøåæø":                      "kodeordet er på 11 tegn; mindst 12",
		strings.Repeat("x", MaksKodeord+1): "kodeordet er på 129 tegn; højst 128",
		"fem blå\ncykler i regn":           "kodeordet har tegn, der ikke kan skrives",
		"fem blå cykler \xff":              "kodeordet har tegn, der ikke kan skrives",
		"password1234":                     "kodeordet er for let at gætte",
		"P@ssw0rd1234":                     "kodeordet er for let at gætte",
		"123456789012":                     "kodeordet er for let at gætte",
		"qwertyuiop12":                     "kodeordet er for let at gætte",
		"Sommer2026!!":                     "kodeordet er for let at gætte",
		"Adgangskode1":                     "kodeordet er for let at gætte",
		"Kommune2026!":                     "kodeordet er for let at gætte",
		"kirsten.hansen":                   "kodeordet er for let at gætte",
		"aaaaaaaaaaaa":                     "kodeordet er for let at gætte",
		"010203123412":                     "kodeordet er for let at gætte",
	} {
		err := kontroller(kodeord, "kirsten.hansen")
		var e *mox.Error
		switch {
		case vil == "" && err != nil:
			t.Errorf("%q: %v", kodeord, err)
		case vil != "" && (!errors.As(err, &e) || e.Kode != mox.KodeUgyldig || e.Tekst != vil || e.Raad == "" || len(e.Felter) != 1 || e.Felter[0].Sti != "kodeord"):
			t.Errorf("%q: %v, want %s", kodeord, err, vil)
		case err != nil && strings.Contains(err.Error(), kodeord):
			t.Errorf("the password stands in the error: %v", err)
		}
	}
}

// TestNytKodeord is good enough to be a password, and never the same.
func TestNytKodeord(t *testing.T) {
	t.Parallel()
	set := map[string]bool{}
	for range 100 {
		k := NytKodeord()
		if err := kontroller(k, "Kirsten Hansen"); err != nil || len(k) != 23 || strings.Count(k, "-") != 3 || strings.ContainsAny(k, "0O1lI") {
			t.Errorf("%q: %v", k, err)
		}
		set[k] = true
	}
	if len(set) != 100 {
		t.Errorf("%d different ones", len(set))
	}
}

// FuzzLaesPHC: whatever stands in the database, what is read of it costs no more than is allowed.
func FuzzLaesPHC(f *testing.F) {
	f.Add(gaeldendePlan().attrap())
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, phc string) {
		p, salt, hash, err := laesPHC(phc)
		if err == nil && (p.hukommelse > maksHukommelse || p.gennemloeb > maksGennemloeb || p.gennemloeb == 0 || p.traade == 0 || len(salt) < 8 || len(hash) < 16) {
			t.Errorf("%q is taken as %+v", phc, p)
		}
	})
}
