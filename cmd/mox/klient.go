package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/klient"
)

// server is a running mox serve as a command reaches it.
type server struct {
	dir, url, ca string
	formaal      string // why the register is read and written; "" = nothing is said
	env          *env
}

// serverFlag adds the flags by which a command finds its server.
func (e *env) serverFlag(c *cobra.Command) *server {
	s := &server{env: e}
	c.PersistentFlags().StringVar(&s.dir, "dir", "mox-data", "datamappen for den mox serve, der kører på denne maskine")
	c.PersistentFlags().StringVar(&s.url, "server", "", "adressen på en anden MOX; nøglen står i MOX_NOEGLE")
	c.PersistentFlags().StringVar(&s.ca, "ca", "", "med --server: PEM-fil med det certifikat, serverens eget er udstedt af")
	return s
}

// adgang finds the server's address and a key to it.
func (s *server) adgang() (adresse, noegle string, err error) {
	if s.url != "" {
		if noegle = os.Getenv("MOX_NOEGLE"); noegle == "" {
			return "", "", mox.E("server", mox.KodeIkkeLoggetInd, "--server kræver en nøgle").Med("sæt MOX_NOEGLE til en nøgle, serveren kender")
		}
		return strings.TrimSuffix(s.url, "/"), noegle, nil
	}
	b, err := os.ReadFile(filepath.Join(s.dir, app.Adressefil))
	if err != nil {
		return "", "", mox.E("server", mox.KodeUtilgaengelig, "der kører ingen mox serve i mappen %s", s.dir).Med("start den med mox serve --dir MAPPE, eller giv den rigtige mappe med --dir")
	}
	noegle, err = auth.LaesLokalNoegle(s.dir)
	return strings.TrimSpace(string(b)), noegle, err
}

// klient is a client of the server; the caller closes it.
func (s *server) klient() (*klient.Klient, error) {
	adresse, noegle, err := s.adgang()
	if err != nil {
		return nil, err
	}
	return klient.New(adresse, noegle, klient.Options{CAFil: s.ca, Formaal: s.formaal})
}

// kald calls the server's API and reads its JSON answer into ud, which may be nil.
func (s *server) kald(ctx context.Context, metode, sti string, ind, ud any) error {
	k, err := s.klient()
	if err != nil {
		return err
	}
	defer k.Luk()
	return k.Kald(ctx, metode, sti, ind, ud)
}

// driftsti is the path of an operators' call.
func driftsti(led ...string) string {
	for i := range led {
		led[i] = url.PathEscape(led[i])
	}
	return "/api/v1/drift/" + strings.Join(led, "/")
}
