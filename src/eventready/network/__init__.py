"""Network model of facts and expectations, in pure functions; checks make findings of them."""
