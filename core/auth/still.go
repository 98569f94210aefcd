package auth

// News returns a channel that is closed when somebody may do less than before: log connections that last out, then
// ask [Service.Still] and for the next channel.
func (s *Service) News() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}

// tell closes the channel of [Service.News]. The lock is held.
func (s *Service) tell() {
	close(s.news)
	s.news = make(chan struct{})
}

// Still returns a caller with what they may do now. It is false when what they came in with is not valid any more.
func (s *Service) Still(p Principal) (Principal, bool) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case p.Token != nil:
		t, ok := s.tokens[p.Token.hash]
		if !ok {
			return Principal{}, false
		}
		return s.holder(t, now)
	case p.Method == MethodSession:
		if x, ok := s.sessions[p.SessionID]; !ok || !x.Expires.After(now) {
			return Principal{}, false
		}
	}
	return s.callerLocked(p)
}
