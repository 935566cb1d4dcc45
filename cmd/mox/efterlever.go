package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

func (s *server) abonnementEfterlever() *cobra.Command {
	var k drift.Efterleveringskald
	var fra, til string
	var ja, stands bool
	c := &cobra.Command{Use: "efterlever ID --fra TID|LOGPOSITION", Short: "Lad et abonnement få beskeder, der kom, før det var der", Args: argumenter(cobra.ExactArgs(1)),
		Long: "Lad et abonnement få beskeder, der kom, før det var der: i loggens rækkefølge, og hver besked højst én gang. Nyere\nbeskeder om samme objekt venter, til de ældre er kommet. Uden --ja tælles der kun.\n" + exitTekst}
	f := c.Flags()
	f.StringVar(&fra, "fra", "", "den første: en dato, et tidspunkt med tidszone eller en logposition fra 1")
	f.StringVar(&til, "til", "", "den sidste: en logposition, eller det tidspunkt, beskederne skal være kommet før; uden --til alt til nu")
	f.BoolVar(&k.Preview, "preview", false, "tæl kun")
	f.BoolVar(&ja, "ja", false, "begynd")
	f.BoolVar(&stands, "stands", false, "stands en efterlevering, der er i gang; kræver en begrundelse")
	medBegrundelse(c, &k.Begrundelse)
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		if stands {
			return s.standsEfterlevering(c, args[0], k.Begrundelse)
		}
		if k.Fra, k.FraKl, err = stedILoggen("--fra", fra); err != nil {
			return err
		}
		if k.Til, k.TilKl, err = stedILoggen("--til", til); err != nil {
			return err
		}
		if k.Preview || !ja {
			return s.taelEfterlevering(c, args[0], k)
		}
		var e store.Efterlevering
		if err := s.kald(c.Context(), http.MethodPost, driftsti("abonnementer", args[0], "efterlever"), k, &e); err != nil {
			return err
		}
		return s.env.skriv(e, func(w io.Writer) {
			fmt.Fprintf(w, "%s får logpositionerne %d-%d, efterhånden som modtageren tager imod; følg det med mox abonnement list\n", e.Abonnement, e.Fra, e.Til)
		})
	}
	return c
}

func (s *server) standsEfterlevering(c *cobra.Command, id, hvorfor string) error {
	if err := s.kald(c.Context(), http.MethodPost, driftsti("abonnementer", id, "stands"), drift.Begrundelse{Begrundelse: hvorfor}, nil); err != nil {
		return err
	}
	return s.env.skriv(map[string]string{"abonnement": id, "svar": "standset"}, func(w io.Writer) { fmt.Fprintf(w, "%s: standset\n", id) })
}

// taelEfterlevering counts what would come, a part of the log at a time, and tells how far it is.
func (s *server) taelEfterlevering(c *cobra.Command, id string, k drift.Efterleveringskald) error {
	vis := k.Preview
	k.Preview = true
	var ialt distributor.Efterleveringsproeve
	for naeste := time.Now().Add(fremskridtHver); ; {
		var p distributor.Efterleveringsproeve
		if err := s.kald(c.Context(), http.MethodPost, driftsti("abonnementer", id, "efterlever"), k, &p); err != nil {
			return err
		}
		ialt = distributor.Efterleveringsproeve{Fra: p.Fra, Til: p.Til, Set: ialt.Set + p.Set, Passer: ialt.Passer + p.Passer, Havde: ialt.Havde + p.Havde}
		if k.Videre = p.Naeste; k.Videre == 0 {
			break
		}
		if time.Now().After(naeste) {
			naeste = time.Now().Add(fremskridtHver)
			fmt.Fprintf(s.env.err, "%d af %d beskeder er set\n", ialt.Set, p.Til-p.Fra+1)
		}
	}
	nye := ialt.Passer - ialt.Havde
	if err := s.env.skriv(ialt, func(w io.Writer) {
		fmt.Fprintf(w, "%d beskeder på logpositionerne %d-%d; %d passer til %s, som har %d af dem: %d bliver leveret\n", ialt.Set, ialt.Fra, ialt.Til, ialt.Passer, id, ialt.Havde, nye)
	}); err != nil || vis || nye == 0 {
		return err
	}
	return mox.E("efterlever", mox.KodeBekraeft, "%d beskeder bliver leveret til %s", nye, id).Med("begynd med --ja")
}

// stedILoggen reads a logposition or a time; "" is neither.
func stedILoggen(flag, s string) (position int64, kl time.Time, err error) {
	if s == "" {
		return 0, time.Time{}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		return n, time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return 0, t, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return 0, t, nil
	}
	return 0, time.Time{}, brugsfejl{fmt.Errorf("%s %q er hverken en dato (2026-01-31), et tidspunkt med tidszone (2026-01-31T12:00:00+01:00) eller en logposition", flag, mox.Maskeret(s))}
}

// efterleveringstekst is how an abonnement's Efterlevering goes; "" where it has had none.
func efterleveringstekst(e *store.Efterlevering) string {
	switch {
	case e == nil:
		return ""
	case !e.Afsluttet.IsZero() && e.Standset:
		return fmt.Sprintf("standset: %d", e.Antal)
	case !e.Afsluttet.IsZero():
		return fmt.Sprintf("færdig: %d", e.Antal)
	}
	return fmt.Sprintf("%d indtil nu; %d %% af loggen er set", e.Antal, e.Procent())
}
