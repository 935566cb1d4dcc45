package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/problem"
)

// server is a running mox serve as a command reaches it.
type server struct {
	dir, url string
	env      *env
}

// serverFlag adds the flags by which a command finds its server.
func (e *env) serverFlag(c *cobra.Command) *server {
	s := &server{env: e}
	c.PersistentFlags().StringVar(&s.dir, "dir", "mox-data", "datamappen for den mox serve, der kører på denne maskine")
	c.PersistentFlags().StringVar(&s.url, "server", "", "adressen på en anden MOX; nøglen står i MOX_NOEGLE")
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

// kald calls the server's API and reads its JSON answer into ud, which may be nil.
func (s *server) kald(ctx context.Context, metode, sti string, ind, ud any) error {
	adresse, noegle, err := s.adgang()
	if err != nil {
		return err
	}
	var krop io.Reader
	if ind != nil {
		b, err := json.Marshal(ind)
		if err != nil {
			return err
		}
		krop = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, metode, adresse+sti, krop)
	if err != nil {
		return brugsfejl{err}
	}
	r.Header.Set("Authorization", "Bearer "+noegle)
	if ind != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return s.svar(r, ud)
}

func (s *server) svar(r *http.Request, ud any) (err error) {
	svar, err := http.DefaultClient.Do(r)
	if err != nil {
		e := mox.E("server", mox.KodeUtilgaengelig, "MOX på %s svarer ikke", r.URL.Host).Med("se, om mox serve kører")
		e.Err = err
		return e
	}
	defer func() { err = errors.Join(err, svar.Body.Close()) }()
	if svar.StatusCode >= 300 {
		return problem.Laes("server", svar)
	}
	if ud == nil || svar.StatusCode == http.StatusNoContent {
		return nil
	}
	return json.NewDecoder(svar.Body).Decode(ud)
}

// driftsti is the path of an operators' call.
func driftsti(led ...string) string {
	for i := range led {
		led[i] = url.PathEscape(led[i])
	}
	return "/api/v1/drift/" + strings.Join(led, "/")
}
