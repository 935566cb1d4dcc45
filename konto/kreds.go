package konto

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Kreds is what of the register the holder of an account may reach: objekter of these authorities, subjects and sensitivities,
// where a list that is empty is all. It is what a person's key has in its file.
type Kreds struct {
	Myndigheder []string `json:"myndigheder,omitempty"` // CVR numbers
	KLE         []string `json:"kle,omitempty"`         // "27.03.08", "27.*"
	Foelsomhed  []string `json:"foelsomhed,omitempty"`
	Beskyttede  bool     `json:"beskyttede,omitempty"` // with the names of those who have name-and-address protection
}

// String says it in Danish.
func (k *Kreds) String() string {
	var ud []string
	for _, x := range []struct {
		navn string
		l    []string
	}{{"myndighed", k.Myndigheder}, {"emne", k.KLE}, {"følsomhed", k.Foelsomhed}} {
		if len(x.l) > 0 {
			ud = append(ud, x.navn+" "+strings.Join(x.l, " eller "))
		}
	}
	if len(ud) == 0 {
		ud = append(ud, "alt")
	}
	if k.Beskyttede {
		ud = append(ud, "også beskyttede navne")
	}
	return strings.Join(ud, ", ")
}

func (k *Kreds) mox() *mox.Kreds {
	if k == nil {
		return nil
	}
	return &mox.Kreds{Myndigheder: k.Myndigheder, KLE: k.KLE, Foelsomhed: k.Foelsomhed, Beskyttede: k.Beskyttede}
}

// laesKreds is an account's; nil = all. What cannot be read lets nobody in.
func laesKreds(b store.Bruger) (*Kreds, error) {
	if b.Kreds == "" {
		return nil, nil
	}
	k := new(Kreds)
	if err := json.Unmarshal([]byte(b.Kreds), k); err != nil {
		return nil, fmt.Errorf("kontoen %s: kreds: %w", b.Navn, err)
	}
	return k, nil
}

// SaetKreds says what of the register an account's holder may reach; nil = all. Its holder is logged out, here and everywhere.
// [mox.KodeUgyldig] names what is wrong in the Kreds. spec: mox 31
func (k *Konti) SaetKreds(ctx context.Context, navn string, kreds *Kreds, af Hvem) error {
	raa := []byte{}
	if m := kreds.mox(); m != nil {
		if fejl := m.Valider(); len(fejl) > 0 {
			return &mox.Error{Kode: mox.KodeUgyldig, Op: "bruger", Tekst: fejl[0].Sti + " " + fejl[0].Tekst, Felter: fejl}
		}
		var err error
		if raa, err = json.Marshal(kreds); err != nil {
			return err
		}
	}
	return k.aendr(ctx, navn, saetKreds, af, func(b *store.Bruger, _ time.Time) { b.Kreds = string(raa) })
}
