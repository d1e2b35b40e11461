list show
