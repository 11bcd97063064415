"""What every view of every app answers alike: problems, pages, routes and the document of them."""
