"""Writers that stream tables to a file: one module for each family of formats."""
