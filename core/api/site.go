package api

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gofiber/fiber/v3"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
)

// noncePlaceholder stands in index.html where the response's nonce goes.
const noncePlaceholder = "__CSP_NONCE__"

// site is the built web app: files with hashed names under assets/, and one page for all its routes.
type site struct {
	files fs.FS
	index []byte
}

// rootBase stands in index.html where the base path goes.
const rootBase = `<base href="/"`

func newSite(files fs.FS, basePath string) (*site, error) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, fmt.Errorf("read the web app: %w", err)
	}
	index = bytes.Replace(index, []byte(rootBase), []byte(`<base href="`+html.EscapeString(basePath)+`/"`), 1)
	return &site{files, index}, nil
}

// page answers a path outside the API with a file of the web app, else with its page.
func (s *Server) page(c fiber.Ctx, r *route.Request) error {
	if s.site == nil {
		c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
		return c.Status(http.StatusServiceUnavailable).SendString("The web app is not built into this server: run make web, then build again. The API works.\n")
	}
	name := strings.TrimPrefix(path.Clean("/"+r.Path), "/")
	if name != "" && name != "index.html" && path.Ext(name) != "" {
		return s.file(c, name)
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	nonce, _ := c.Locals(nonceLocal{}).(string)
	return c.Send(bytes.ReplaceAll(s.site.index, []byte(noncePlaceholder), []byte(nonce)))
}

// file sends one file, the compressed sibling that the client takes if there is one.
func (s *Server) file(c fiber.Ctx, name string) error {
	accepted := c.Get(fiber.HeaderAcceptEncoding)
	for _, coding := range []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if !strings.Contains(accepted, coding.name) {
			continue
		}
		body, err := fs.ReadFile(s.site.files, name+coding.suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return errs.New(errs.NotFound, "there is no file %s", name)
		}
		if coding.name != "" {
			c.Set(fiber.HeaderContentEncoding, coding.name)
		}
		c.Vary(fiber.HeaderAcceptEncoding)
		c.Set(fiber.HeaderContentType, contentType(name))
		c.Set(fiber.HeaderCacheControl, "no-cache")
		if strings.HasPrefix(name, "assets/") { // their names carry a hash of their content
			c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		}
		return c.Send(body)
	}
	return errs.New(errs.NotFound, "there is no file %s", name)
}

// contentType does not depend on what the machine's tables say for the files that matter.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
