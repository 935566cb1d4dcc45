// Package specifikation has the specifications that MOX hands out, as they stand in this folder.
package specifikation

import _ "embed"

// Beskedheaders is Beskedheaders 1.0, in Danish Markdown.
//
//go:embed beskedheaders-1.0.da.md
var Beskedheaders string //arch:fixed embedded
