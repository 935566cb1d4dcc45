package snitflade

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

// ud is the tool's way to a receiver.
type ud interface {
	// send hands the besked over and waits for what the product makes of it, unless it is not to be waited for.
	send(ctx context.Context, p pakke, s *sendt) (svar, error)
	// vent waits for the verdict on one that was not waited for.
	vent(ctx context.Context, s *sendt) svar
	serUdenSvar() bool // the tool sees a verdict where the product says nothing
	luk()
}

// underskrift is the signature of a call, as Standard Webhooks says. https://www.standardwebhooks.com
func underskrift(hemmelighed []byte, id, tid string, krop []byte) string {
	mac := hmac.New(sha256.New, hemmelighed)
	_, _ = fmt.Fprintf(mac, "%s.%s.", id, tid)
	_, _ = mac.Write(krop)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func unixtid(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err
}
