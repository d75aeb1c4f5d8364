"""The network as its facts and expectations describe it, in pure functions; findings about it are made in checks."""
