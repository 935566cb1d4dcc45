// Package styring is how a trial tells its foreign systems what their users do, and when something is to go wrong in them.
// Each system is a process of its own; it is told by lines of JSON on standard input, and answers each on standard output:
//
//	→                                           ← {"adresser":{"ESDH":"127.0.0.1:41234"},"runder":6}
//	→ {"goer":"runde","nr":0}                   ← {"gjort":true}
//	→ {"goer":"fejl","navn":"ned","varighed_ms":3000} ← {"gjort":true}
//	→ {"goer":"ro"}                             ← {"gjort":true,"rolig":true}
//
// What goes wrong is answered {"fejl":"…"}. The end of standard input ends the process, so that it does not outlive
// whoever started it.
package styring

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// System is one foreign system, or several that live together, running.
type System interface {
	// Adresser are where others reach it, by the names that the trial's files use.
	Adresser() map[string]string
	// Runder is how many rounds its users' story has.
	Runder() int
	// Runde lets its users do what the story has for that round, the first being 0.
	Runde(ctx context.Context, nr int) error
	// Fejl lets something go wrong, so many times or for so long. An unknown name is an error.
	Fejl(ctx context.Context, navn string, antal int, varighed time.Duration) error
	// Rolig reports whether nothing lies between the system and the world.
	Rolig(ctx context.Context) (bool, error)
	Close() error
}

// Valg is what a system is told when it is started.
type Valg struct {
	Dir    string
	Listen string // empty = a free port on this machine
	Antal  int
	Seed   uint64
	// Adresser are those of services that the system needs, as RABBITMQ.
	Adresser map[string]string
	Log      io.Writer
}

// Ordre is one line in.
type Ordre struct {
	Goer       string `json:"goer"` // runde, fejl or ro
	Nr         int    `json:"nr,omitempty"`
	Navn       string `json:"navn,omitempty"`
	Antal      int    `json:"antal,omitempty"`
	VarighedMS int64  `json:"varighed_ms,omitempty"`
}

// Svar is one line out.
type Svar struct {
	Gjort    bool              `json:"gjort,omitempty"`
	Rolig    bool              `json:"rolig,omitempty"`
	Fejl     string            `json:"fejl,omitempty"`
	Adresser map[string]string `json:"adresser,omitempty"`
	Runder   int               `json:"runder,omitempty"`
}

// Koer starts a system as args say, and does what the lines of in ask for until they end.
func Koer(ctx context.Context, start func(context.Context, Valg) (System, error), args []string, in io.Reader, out, errOut io.Writer) (err error) {
	v := Valg{Log: errOut, Adresser: map[string]string{}}
	f := flag.NewFlagSet("system", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&v.Dir, "dir", "system", "folder of the system's database and files")
	f.StringVar(&v.Listen, "listen", "", "address to listen on; empty = a free port on this machine")
	f.IntVar(&v.Antal, "antal", 20, "number of cases")
	f.Uint64Var(&v.Seed, "seed", 1, "seed of the story")
	f.Func("adresse", "NAVN=address of a service that the system needs; may be repeated", func(s string) error {
		navn, adresse, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want NAVN=address")
		}
		v.Adresser[navn] = adresse
		return nil
	})
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, err := start(ctx, v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	enc := json.NewEncoder(out)
	if err := enc.Encode(Svar{Gjort: true, Adresser: s.Adresser(), Runder: s.Runder()}); err != nil {
		return err
	}
	return lyt(ctx, s, in, enc)
}

func lyt(ctx context.Context, s System, in io.Reader, ud *json.Encoder) error {
	linjer := make(chan []byte)
	go func() {
		defer close(linjer)
		for l := bufio.NewScanner(in); l.Scan(); {
			select {
			case linjer <- append([]byte{}, l.Bytes()...):
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case l, ok := <-linjer:
			if !ok {
				return nil
			}
			if err := ud.Encode(udfoer(ctx, s, l)); err != nil {
				return err
			}
		}
	}
}

func udfoer(ctx context.Context, s System, linje []byte) Svar {
	var o Ordre
	err := json.Unmarshal(linje, &o)
	ud := Svar{Gjort: true}
	switch {
	case err != nil:
	case o.Goer == "runde":
		err = s.Runde(ctx, o.Nr)
	case o.Goer == "fejl":
		err = s.Fejl(ctx, o.Navn, o.Antal, time.Duration(o.VarighedMS)*time.Millisecond)
	case o.Goer == "ro":
		ud.Rolig, err = s.Rolig(ctx)
	default:
		err = fmt.Errorf("kan ikke %q", o.Goer)
	}
	if err != nil {
		return Svar{Fejl: err.Error()}
	}
	return ud
}
