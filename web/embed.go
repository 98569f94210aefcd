// Package web holds the built web app. It knows neither the server nor what the app shows.
package web

import (
	"embed"
	"io/fs"
)

// dist is filled by the web build; without one it holds a placeholder only, so that Go builds on its own.
//
//go:embed all:dist
var dist embed.FS

// Assets returns the files of the web app, rooted at index.html, and whether the app was built. Beside each text file lie
// its compressed siblings, with .br and .gz appended to the name. Files below assets/ carry a hash in their name and
// never change; index.html does, and holds __CSP_NONCE__ where the nonce of the response belongs.
func Assets() (fs.FS, bool) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return dist, false
	}
	_, err = fs.Stat(files, "index.html")
	return files, err == nil
}
