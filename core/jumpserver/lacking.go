package jumpserver

import (
	"context"
	"time"
)

// newly is how long platforms are believed where one is missing: a person may be making it.
const newly = time.Minute

// Lacking returns those of the platforms' names that no host platform has. Where one is missing the
// platforms are read again, unless that was done within the last minute.
func (c *Client) Lacking(ctx context.Context, platforms []string) ([]string, error) {
	f, err := c.proven(ctx)
	if err != nil {
		return nil, err
	}
	missing := f.lacking(platforms)
	if len(missing) == 0 || c.now().Sub(f.at) < newly {
		return missing, nil
	}
	if f, err = c.learn(ctx, f); err != nil {
		return nil, err
	}
	return f.lacking(platforms), nil
}

func (f *facts) lacking(platforms []string) []string {
	var missing []string
	for _, name := range platforms {
		if _, there := f.platforms[name]; !there {
			missing = append(missing, name)
		}
	}
	return missing
}
