package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
)

// Optagelse is an example that was recorded.
type Optagelse struct {
	Navn   string // a file's name, of the source and the record's key
	Proeve Proeve
}

// Optag makes an example of each of the first records of a source, at most antal, as they are in the system now: the record, and
// what the map makes of it. Nothing is written, and the system is left as it was.
//
// An example is kept for years, so no person may be in it: CPR numbers are replaced by numbers that cannot exist, the same by the
// same, and in the fields of skjul each letter becomes x and each digit 0. A name or a text elsewhere stands as it stood.
//
// [mox.KodeIkkeFundet] when the agent has no such source, [mox.KodeUtilgaengelig] when the system cannot be read.
func (a *Agent) Optag(ctx context.Context, navn string, antal int, skjul []string) (ud []Optagelse, err error) {
	k, records, err := a.foerste(ctx, navn, antal)
	if err != nil {
		return nil, err
	}
	cpr := udenPersoner{nr: map[string]string{}}
	navne := map[string]bool{}
	for _, r := range records {
		o := k.optag(cpr.post(r, skjul))
		for n, grund := 2, o.Navn; navne[o.Navn]; n++ {
			o.Navn = fmt.Sprintf("%s-%d", grund, n)
		}
		navne[o.Navn] = true
		ud = append(ud, o)
	}
	return ud, nil
}

// foerste reads the first records of a source as they are in the system now, at most antal, without effect in it.
func (a *Agent) foerste(ctx context.Context, navn string, antal int) (*SourceSpec, []connector.Record, error) {
	i := slices.IndexFunc(a.kilder, func(k *kilde) bool { return k.spec.Name == navn })
	if i < 0 {
		return nil, nil, mox.E("agent", mox.KodeIkkeFundet, "agenten %s har ingen source %q", a.spec.Agent, navn)
	}
	med, slip := context.WithTimeout(ctx, livefrist)
	defer slip()
	b, err := a.kilder[i].source.Read(med, "")
	if err != nil {
		return nil, nil, mox.E("agent", mox.KodeUtilgaengelig, "systemet kan ikke læses: %v", err).Med("se mox agent check --live")
	}
	return a.kilder[i].spec, b.Records[:min(antal, len(b.Records))], nil
}

func (k *SourceSpec) optag(felter map[string]string) Optagelse {
	o := Optagelse{Proeve: Proeve{Source: k.Name, Post: felter}}
	p := k.oversaet(connector.Record{Fields: felter, Place: connector.Place{File: proevested}})
	o.Navn = k.Name + "_" + filnavn(p.Noegle)
	if p.Fejl != nil {
		o.Proeve.Fejl = p.Fejl.Tekst
		return o
	}
	o.Proeve.Noegle, o.Proeve.Livscykluskode, o.Proeve.Oio = p.Noegle, string(p.Livscyklus), p.Felter
	return o
}

// YAML is the example as its file has it.
func (o *Optagelse) YAML() ([]byte, error) {
	return yaml.MarshalWithOptions(o.Proeve, yaml.UseLiteralStyleIfMultiline(true))
}

// filnavn is a key with nothing in it that a file may not be called.
func filnavn(noegle string) string {
	s := strings.Trim(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, noegle), "-.")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60])
	}
	if s == "" {
		return "uden-noegle"
	}
	return s
}

// udenPersoner replaces CPR numbers, the same by the same.
type udenPersoner struct{ nr map[string]string }

// post is a record as an example may keep it.
func (u udenPersoner) post(r connector.Record, skjul []string) map[string]string {
	felter := maps.Clone(r.Fields)
	for _, f := range slices.Sorted(maps.Keys(felter)) {
		felter[f] = mox.ErstatCPR(felter[f], u.erstat)
	}
	for _, f := range skjul {
		if v, ok := felter[f]; ok {
			felter[f] = skjult(v)
		}
	}
	return felter
}

// erstat is a number that cannot exist, for February has no 31st, written as the one it stands for.
func (u udenPersoner) erstat(cpr string) string {
	nr := cpr[:6] + cpr[len(cpr)-4:]
	if u.nr[nr] == "" {
		u.nr[nr] = fmt.Sprintf("3102%06d", 540001+len(u.nr))
	}
	return u.nr[nr][:6] + cpr[6:len(cpr)-4] + u.nr[nr][6:]
}

func skjult(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return '0'
		case unicode.IsUpper(r):
			return 'X'
		case unicode.IsLetter(r):
			return 'x'
		}
		return r
	}, s)
}
